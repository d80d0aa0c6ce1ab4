"""Runs are compared in a browser; all routes are started by one press, followed, and stopped."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.comparison.route_comparison import list_comparisons, runs_of
from core.data.dataset import Dataset
from core.data.sample_digits import digit_names, digit_png
from core.runs.store import is_active
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, right_on
from tests.digits import import_folder
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey
TRAINING = 90_000  # milliseconds


def test_from_the_runs_to_a_verdict_that_can_be_taken_along(
    workspace: Workspace, digits: Dataset, server: Server, page: Page, tmp_path: Path
) -> None:
    for name, right in (("Better", 95), ("Worse", 60)):
        ended_run(workspace, digits, name, right_on(np.arange(100) < right), np.zeros(100, int))
    visit(page, f"{server.url}/runs")
    press(page, "Is the difference more than chance?")
    expect(page).to_have_url(re.compile(r"/compare\?.*runs="))
    expect(page.get_by_text("Better is best: right on 95 of 100")).to_be_visible()
    settle(page)
    for chart in ("scores", "times", "reliability"):
        expect(page.locator(f".st-key-{chart} .main-svg").first).to_be_visible()
    with page.expect_download() as download:
        press(page, "Report (HTML)")
    download.value.save_as(tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.get_by_role("img", name="Accuracy against time to train")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(6)


def test_one_press_is_followed_over_a_reload_and_stopped(
    workspace: Workspace, server: Server, page: Page, tmp_path: Path
) -> None:
    for index, name in list(enumerate(digit_names()))[:60]:
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pictures" / name).write_bytes(digit_png(index))
    import_folder(workspace, tmp_path / "pictures", "Few digits")
    visit(page, f"{server.url}/compare?compare=routes")
    press(page, "Compare the routes")
    expect(page.get_by_text("0 of 5 runs done")).to_be_visible()
    page.reload()
    expect(page.get_by_text("1 of 5 runs done")).to_be_visible(timeout=TRAINING)
    expect(page.get_by_text("CNN from scratch is right on")).to_be_visible()
    press(page, "Stop all")
    expect(page.get_by_role("button", name="Go on with the unfinished")).to_be_visible(timeout=TRAINING)
    (comparison,) = list_comparisons(workspace)
    assert not any(is_active(run) for _, run in runs_of(workspace, comparison) if run is not None)
