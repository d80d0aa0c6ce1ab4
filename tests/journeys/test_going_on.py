"""A run is paused at work and goes on; another one starts from it."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.launcher import launch
from core.runs.store import Run, RunState, list_runs
from core.workspace import Workspace
from tests.journeys.browser import open_tab, press, visit
from tests.journeys.server import Server
from tests.pages.runs import new_run

pytestmark = pytest.mark.journey
TRAINING = 90_000  # milliseconds


def test_pause_and_go_on_to_the_last_epoch(
    workspace: Workspace, digits: Dataset, server: Server, page: Page
) -> None:
    run = new_run(workspace, digits, "To be paused", epochs=40, batch_size=4)
    launch(run)
    visit(page, f"{server.url}/runs?run={run.id}")
    expect(page.get_by_text(re.compile("^on ")).first).to_be_visible(timeout=TRAINING)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert run.status().state is RunState.PAUSED
    expect(page.locator("[data-testid=stMarkdownBadge], .stMarkdownBadge").first).to_contain_text("paused")
    before = run.metrics()
    assert len(before) < 40
    press(page, "Go on")
    expect(page.get_by_text("after 40 finished epochs")).to_be_visible(timeout=TRAINING)
    assert [record["epoch"] for record in run.metrics()] == list(range(1, 41))
    assert run.metrics()[: len(before)] == before


def test_another_run_starts_from_it(workspace: Workspace, run: Run, server: Server, page: Page) -> None:
    visit(page, f"{server.url}/runs?run={run.id}")
    press(page, "Start another from it")
    expect(page).to_have_url(re.compile(rf"/cnn\?.*from={run.id}"))
    expect(page.get_by_text("they fit all layers")).to_be_visible()
    press(page, "Measure")
    expect(page.get_by_text("measured with ten batches")).to_be_visible(timeout=TRAINING)
    press(page, "Start training")
    expect(page.get_by_text("after 2 finished epochs")).to_be_visible(timeout=TRAINING)
    open_tab(page, "How it runs")
    expect(page.get_by_text("Small run", exact=False).first).to_be_visible()
    (made,) = [each for each in list_runs(workspace.runs) if each.id != run.id]
    assert made.config()["training"] == run.config()["training"]
    assert made.facts()["started_from"].startswith("all ")
