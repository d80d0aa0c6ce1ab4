import sys
from collections.abc import Iterator
from functools import cache

import pytest
import streamlit.components.v2.manifest_scanner as installed

from tests.digits import digits, imported_digits
from tests.fine_tuning import few_digits, imported_few_digits
from tests.pages.runs import run, started, trained_folder

__all__ = [
    "digits",
    "few_digits",
    "imported_digits",
    "imported_few_digits",
    "run",
    "started",
    "trained_folder",
]


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """Whenever a test opens a page, Streamlit looks through all installed packages: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "scan_component_manifests", cache(installed.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def no_browser_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that let a browser draw their figures first go on at once."""
    if drawing := sys.modules.get("pages.shared.drawing"):
        monkeypatch.setattr(drawing, "BREATH", 0.0)
