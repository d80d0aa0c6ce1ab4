"""Fine-tuning in a real browser: from the outline to the curves of the run."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from tests.journeys.browser import open_tab, press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def test_from_the_outline_to_the_results(few_digits: Dataset, server: Server, page: Page) -> None:
    visit(page, f"{server.url}/fine-tune?dataset={few_digits.id}")
    outline = page.locator(".st-key-fine_tune_outline g.pale")
    expect(outline.first).to_be_visible()
    frozen = outline.count()
    page.get_by_role("radio", name="Everything").or_(page.get_by_text("Everything", exact=True)).first.click()
    expect(outline).to_have_count(0)
    page.get_by_text("Only the head", exact=True).first.click()
    expect(outline).to_have_count(frozen)
    settle(page)
    press(page, "Start fine-tuning")
    page.wait_for_url(re.compile("runs"))
    expect(page.get_by_text("Validation accuracy").first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Test accuracy").first).to_be_visible(timeout=120_000)
    open_tab(page, "How it runs")
    expect(page.get_by_text("ran once a picture")).to_be_visible()
    settle(page)
