"""Layer math in a browser: a key on a slider moves the picture, and the address keeps everything."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browser import new_page, press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def shapes(page: Page) -> Locator:
    return page.locator("p.shapes")


def picture(page: Page) -> Locator:
    return page.locator(".st-key-picture svg[role=img]")


def chart(page: Page) -> Locator:
    return page.locator(".st-key-sweep_chart svg[role=img]")


def nudge(page: Page, label: str, key: str = "ArrowRight") -> None:
    settle(page)
    slider = page.get_by_role("slider", name=label).first
    before = slider.input_value()
    for _ in range(3):  # a key that falls between two drawings of the slider is lost
        slider.focus()
        expect(slider).to_be_focused()
        page.keyboard.press(key)
        page.wait_for_timeout(1000)
        if slider.input_value() != before:
            return


def test_from_a_slider_to_a_link_that_brings_it_all_back(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/layer-math")
    expect(shapes(page)).to_contain_text("1 × 3 × 12 × 12 → 1 × 16 × 10 × 10")
    expect(page.locator(".katex").first).to_be_visible()
    assert page.url.endswith("/layer-math")

    nudge(page, "Stride")
    expect(shapes(page)).to_contain_text("→ 1 × 16 × 5 × 5")
    expect(picture(page)).to_have_attribute("aria-label", "From an input of 12 × 12 to an output of 5 × 5")
    expect(picture(page)).to_contain_text("Hatched: 1 row and 1 column never seen.")
    expect(page).to_have_url(re.compile(r"\?stride=2$"))

    page.get_by_text("Rectangular", exact=True).click()
    expect(page).to_have_url(re.compile("stride_w=2"))
    nudge(page, "Kernel, columns")
    expect(page).to_have_url(re.compile("kernel_w=4"))
    expect(shapes(page)).to_contain_text("→ 1 × 16 × 5 × 5")
    nudge(page, "Stride, columns", "ArrowLeft")
    expect(shapes(page)).to_contain_text("→ 1 × 16 × 5 × 9")
    expect(chart(page)).to_contain_text("5 × 9")

    link = page.get_by_test_id("stCode").last.inner_text().strip()
    with new_page(page.context.browser) as fresh:
        visit(fresh, link)
        expect(shapes(fresh)).to_contain_text("1 × 3 × 12 × 12 → 1 × 16 × 5 × 9")
        expect(fresh.get_by_role("slider", name="Kernel, columns")).to_have_value("4")
        fresh.reload()
        settle(fresh)
        expect(shapes(fresh)).to_contain_text("→ 1 × 16 × 5 × 9")


def test_picture_and_chart_answer_the_pointer(server: Server, page: Page) -> None:
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append("sent")))
    visit(page, f"{server.url}/layer-math?size=6&stride=2")
    expect(picture(page)).to_be_visible()
    settle(page)
    before = len(frames)
    box = picture(page).locator(".result").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    expect(picture(page)).to_contain_text("Output (0, 1) sees rows 0 to 2, columns 2 to 4.")
    picture(page).focus()
    page.keyboard.press("ArrowDown")
    expect(picture(page)).to_contain_text("Output (1, 1) sees rows 2 to 4, columns 2 to 4.")
    assert len(frames) == before

    chart(page).scroll_into_view_if_needed()
    dot = chart(page).locator(".dot").nth(4).bounding_box()
    assert dot is not None
    page.mouse.move(dot["x"] + 2, dot["y"] + 20)
    expect(chart(page)).to_contain_text("kernel 5: output 16 × 1 × 1")
    page.mouse.click(dot["x"] + 2, dot["y"] + 20)
    expect(shapes(page)).to_contain_text("→ 1 × 16 × 1 × 1")
    expect(page).to_have_url(re.compile("kernel=5"))


def test_an_invalid_setting_is_mended_where_it_stands_and_back_returns(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/layer-math?kernel=7&size=5")
    expect(page.get_by_text("The window is larger than the map under it.", exact=True).first).to_be_visible()
    press(page, "Set to 5")
    expect(shapes(page)).to_contain_text("1 × 3 × 5 × 5 → 1 × 16 × 1 × 1")
    page.go_back()
    expect(page.get_by_text("The window is larger than the map under it.", exact=True).first).to_be_visible()

    visit(page, f"{server.url}/layer-math?layer=Linear")
    page.get_by_role("button", name="Examples").click()
    page.get_by_text("Halve by pooling", exact=True).click()
    expect(shapes(page)).to_contain_text("1 × 3 × 13 × 13 → 1 × 3 × 6 × 6")
    for part in ("layer=MaxPool2d", "kernel=2", "stride=2", "size=13"):
        expect(page).to_have_url(re.compile(part))
