"""A teacher shares one exercise by its link; a learner errs, mends the number, and goes on."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.challenges.catalog import exercise
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def give(page: Page, label: str, value: int) -> None:
    box = page.get_by_role("spinbutton", name=label)
    box.fill(str(value))
    box.press("Tab")
    settle(page)


def test_an_exercise_is_shared_tried_and_solved(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/challenges?seed=7")
    page.get_by_role("radio", name="6", exact=True).click()
    settle(page)
    found = exercise(7, 6)
    expect(page.get_by_text(f"6. {found.title}")).to_be_visible()
    expect(page).to_have_url(re.compile(r"seed=7.*exercise=6|exercise=6.*seed=7"))
    press(page, "Share")
    link = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").first.inner_text().strip()

    visit(page, link)
    expect(page.get_by_text(f"6. {found.title}")).to_be_visible()
    give(page, "Groups", 3)
    press(page, "Check")
    expect(page.get_by_test_id("stAlert")).to_contain_text("Not yet")
    give(page, "Groups", found.solution["groups"])
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    press(page, "Check")
    expect(page.get_by_test_id("stAlert")).to_contain_text("Right.")
    expect(page.get_by_text("1 of 10 solved")).to_be_visible()
    expect(page.locator(".katex").first).to_be_visible()
    press(page, "Next exercise")
    expect(page.get_by_text(f"7. {exercise(7, 7).title}")).to_be_visible()
