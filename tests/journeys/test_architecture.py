"""The lecture's CNN pasted for pictures of another size: what's wrong, the fix, and a link to the result."""

import re

import pytest
from playwright.sync_api import Page, expect

from pages.learn.architecture_pasted import EXAMPLES
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def type_code(page: Page, code: str) -> None:
    editor = page.get_by_role("textbox", name="An nn.Sequential")
    editor.fill(code)
    editor.press("Control+Enter")


def add_layer(page: Page, kind: str) -> None:
    press(page, "Add a layer")
    page.get_by_role("option", name=kind).or_(page.get_by_role("menuitem", name=kind)).first.click()
    expect(page.locator(".st-key-layer-list label").filter(has_text=kind)).to_be_visible()


def expect_total(page: Page, name: str, value: str) -> None:
    cell = page.locator("dl.totals > div").filter(has_text=name).locator("dd")
    expect(cell).to_have_text(value)


def test_pasted_code_is_answered_mended_and_shared(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/architecture")
    page.get_by_test_id("stButtonGroup").get_by_text("Paste code").click()
    settle(page)
    problem = page.get_by_test_id("stAlert")
    expect(problem).to_contain_text("Line 17")
    expect(problem).to_contain_text("Linear(8192, 1)")
    expect(problem).to_contain_text("100×100")

    type_code(page, EXAMPLES["The lecture's CNN"].code.replace("1250", "8192"))
    expect(problem).to_have_count(0)
    expect_total(page, "Parameters", "8,279")
    expect_total(page, "MACs a picture", f"{3 * 256**2 * 9 + 2 * 128**2 * 27 + 8192:,}")
    lines = page.locator("table.layers tbody tr")
    expect(lines).to_have_count(8)
    expect(lines.nth(0)).to_contain_text("(32, 3, 256, 256)")
    expect(lines.nth(0)).to_contain_text("3 × (1 × 3 × 3) + 3 = 30")
    expect(lines.last).to_contain_text("(32, 1)")

    expect(page).to_have_url(re.compile("code="))
    link = page.url
    visit(page, link)
    expect_total(page, "Parameters", "8,279")
    expect(page.locator(".st-key-network-drawing svg.volumes")).to_be_visible()


def test_a_network_by_hand_is_built_and_goes_on_as_code(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/architecture?network_source=Build+by+hand&picture_side=28&stack=conv8-k3")
    add_layer(page, "Flatten")
    add_layer(page, "Linear")
    expect_total(page, "Parameters", f"{8 * 10 + 26 * 26 * 8 * 10 + 10:,}")
    expect(page).to_have_url(re.compile(r"stack=conv8-k3\.flatten\.linear10"))
    page.get_by_role("tab", name="Code").click()
    press(page, "Continue as code")
    expect(page.get_by_role("textbox", name="An nn.Sequential")).to_have_value(re.compile("Linear.5408, 10."))
    expect_total(page, "Parameters", f"{8 * 10 + 26 * 26 * 8 * 10 + 10:,}")


def test_settings_of_one_page_do_not_reach_another(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/layer-math?batch=7&dtype=float16")
    for name in ("Convolution lab", "Architecture", "Layer math", "Architecture"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        settle(page)
        expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect_total(page, "Parameters", "101,274")
    expect(page.get_by_label("Batch").first).to_have_value("32")
