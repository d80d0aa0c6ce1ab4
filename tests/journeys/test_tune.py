"""A study in a browser: started, followed without a click, its trial opened, its best trained."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.launcher import request_stop
from core.runs.store import list_runs
from core.tuning.studies import list_studies
from core.workspace import Workspace
from tests.journeys.browser import press, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey
TRAINING = 90_000  # milliseconds


def test_from_a_choice_of_ranges_to_the_best_run(
    workspace: Workspace, digits: Dataset, server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/tune")
    page.get_by_role("radio", name="Random").click()
    expect(page.get_by_text("Every trial by chance.")).to_be_visible()
    for label, number in (("Epochs of a trial", "1"), ("Trials, at most", "1")):
        field = page.get_by_role("spinbutton", name=label)
        field.fill(number)
        field.press("Enter")
    expect(page.get_by_text("1 trial of 1 epoch")).to_be_visible()
    press(page, "Start the study")
    expect(page).to_have_url(re.compile(r"/tune\?.*study="))
    expect(page.get_by_text("its one trial is done")).to_be_visible(timeout=TRAINING)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    [study] = list_studies(workspace)
    [trial] = list_runs(workspace.runs)
    visit(page, f"{server.url}/runs?run={trial.id}")
    press(page, "Trial 1 of its study")
    expect(page.get_by_text("its one trial is done")).to_be_visible()
    press(page, "Train the best")
    press(page, "Train it")
    expect(page).to_have_url(re.compile(r"/runs\?.*run="))
    best = list_runs(workspace.runs)[0]
    assert best.config()["training"]["epochs"] == 3
    assert best.trial_of() is None
    assert trial.trial_of().study_id == study.id
    request_stop(best)
