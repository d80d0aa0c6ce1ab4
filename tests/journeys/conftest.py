import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.digits import digits, imported_digits
from tests.fine_tuning import few_digits, imported_few_digits
from tests.journeys.browser import chromium, find_chromium, new_page
from tests.journeys.server import Server, serve
from tests.pages.runs import run, trained_folder

__all__ = ["digits", "few_digits", "imported_digits", "imported_few_digits", "run", "trained_folder"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed.")
        pytest.skip("Install Chromium to run the journeys.")
    with chromium() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serve(tmp_path / "home") as running:
        yield running


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all journeys through pages that keep nothing in the workspace."""
    with serve(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with new_page(browser) as opened:
        yield opened
