import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from core.workspace import Workspace
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


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all journeys: its home is a link, to the workspace of the journey under way."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "empty").mkdir()
    (folder / "home").symlink_to(folder / "empty")
    with serve(folder / "home") as running:
        yield running


@pytest.fixture
def server(shared_server: Server, workspace: Workspace) -> Server:
    """The app, with this test's own workspace; what it imported and holds in memory is there already."""
    link = shared_server.home.with_name("next")
    link.symlink_to(workspace.root)
    link.replace(shared_server.home)
    return replace(shared_server, home=workspace.root)


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """One that nobody has visited yet."""
    with serve(tmp_path / "home") as running:
        yield running


@pytest.fixture(scope="session")
def first_page(browser: Browser, shared_server: Server) -> Iterator[Page]:
    """Stays open: the pages of the journeys need not read and compile the app's scripts again."""
    with new_page(browser) as opened:
        opened.goto(f"{shared_server.url}/_stcore/health")
        yield opened


@pytest.fixture
def page(first_page: Page) -> Iterator[Page]:
    opened = first_page.context.new_page()
    yield opened
    opened.close()
    first_page.context.clear_cookies()
    first_page.evaluate("localStorage.clear()")
