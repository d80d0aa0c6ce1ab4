"""Features in a real browser: extracted, fitted, picked on the map, and used to predict."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run
from tests.core.embeddings.runs import features_home, finished
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

__all__ = ["features_home", "finished"]
pytestmark = pytest.mark.journey
EXTRACTING = 120_000  # milliseconds


def test_features_are_used_again_and_the_map_is_picked(finished: Run, server: Server, page: Page) -> None:
    visit(page, f"{server.url}/features")
    expect(page.get_by_text("features and all")).to_be_visible()
    press(page, "Extract and fit")
    found = page.get_by_text("100% of features found")  # by the run that was just made
    expect(found).to_be_visible(timeout=EXTRACTING)
    settle(page)

    beside = page.get_by_text(re.compile(r"digit-\d+\.png")).first
    points = page.locator(".scatterlayer .trace").first.locator(".point")
    expect(points.first).to_be_visible()
    for number in (0, 3, 6):
        before = beside.inner_text()
        points.nth(number).click(force=True)
        expect(beside).not_to_have_text(before)
        expect(beside).to_contain_text("picture of 0")
        settle(page)

    press(page, "Confusion matrix and mistakes")
    expect(page).to_have_url(re.compile("/runs"))
    expect(page.get_by_text("Where it is right, and where wrong")).to_be_visible()
    press(page, "Predict with it")
    expect(page).to_have_url(re.compile("/predict"))
    settle(page)


def test_an_extraction_is_cancelled_and_says_what_it_keeps(
    digits: Dataset, server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/features")
    press(page, "Extract and fit")
    press(page, "Cancel")
    expect(page.get_by_text("features so far are kept")).to_be_visible(timeout=EXTRACTING)
    expect(page.get_by_role("button", name="Extract and fit")).to_be_enabled()
