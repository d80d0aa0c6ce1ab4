"""The convolution lab in a real browser: what plays and answers there without the server, and what asks."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

from core.filtering.borders import Border
from core.filtering.correlation import Sliding, apply_kernel
from core.filtering.kernels import KernelName, named_kernel
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.pooling import pool
from tests.journeys.browser import settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey

LAB = "convolution-lab"
FRAMES_A_SECOND = 30


class Traffic:
    """The websocket frames of a page, both ways."""

    def __init__(self, page: Page) -> None:
        self.frames = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        for event in ("framesent", "framereceived"):
            socket.on(event, self._count)

    def _count(self, _: object) -> None:
        self.frames += 1


def pixels(side: int = 32) -> np.ndarray:
    return grey(lab_picture(photo(Photo.CHINA), side))


def edges(**sliding: int) -> np.ndarray:
    return apply_kernel(pixels(), named_kernel(KernelName.SOBEL_X), Sliding(**sliding)).output[0]


def open_lab(page: Page, server: Server, query: str = "") -> Locator:
    visit(page, f"{server.url}/{LAB}{query}")
    lab = page.locator(".lab")
    expect(lab).to_have_attribute("data-done", re.compile(r"\d+"))
    return lab


def point_at(page: Page, map_number: int, row: int, column: int, rows: int, columns: int) -> None:
    """Move the pointer to the middle of a cell of a map that is drawn as rows x columns cells."""
    box = page.locator(f"canvas.over[data-map='{map_number}']").bounding_box()
    assert box is not None
    page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / columns, box["y"] + (row + 0.5) * box["height"] / rows
    )


def words(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def test_it_plays_smoothly_and_without_the_server(server: Server, page: Page) -> None:
    traffic = Traffic(page)
    lab = open_lab(page, server)
    page.wait_for_timeout(1500)
    assert traffic.frames > 0
    before = traffic.frames

    lab.get_by_role("button", name="Play").click()
    expect(lab.get_by_role("button", name="Pause")).to_be_visible()
    rate = lab.evaluate(
        """async (lab) => {
            const [frames, start] = [Number(lab.dataset.frames), performance.now()];
            await new Promise((done) => setTimeout(done, 4000));
            return (Number(lab.dataset.frames) - frames) / ((performance.now() - start) / 1000);
        }"""
    )
    assert rate >= FRAMES_A_SECOND
    done = int(lab.get_attribute("data-done") or 0)
    assert 100 < done < 900
    lab.get_by_role("button", name="Pause").click()

    stopped = int(lab.get_attribute("data-done") or 0)
    lab.get_by_role("button", name="Step", exact=True).click()
    expect(lab).to_have_attribute("data-done", str(stopped + 1))
    lab.get_by_role("button", name="Step back").click()
    expect(lab).to_have_attribute("data-done", str(stopped))
    lab.get_by_label("Position").fill("61")
    expect(lab).to_have_attribute("data-done", "61")
    expect(lab.locator(".sum")).to_contain_text("output[2, 0] =")
    lab.get_by_role("button", name="To the start").click()
    expect(lab).to_have_attribute("data-done", "1")
    point_at(page, 1, 8, 9, 30, 30)
    point_at(page, 0, 8, 9, 32, 32)
    assert traffic.frames == before

    left = lab.element_handle()
    lab.get_by_role("button", name="Play").click()
    page.get_by_role("link", name="Datasets").click()
    expect(page.locator(".lab")).to_have_count(0)
    frames = left.evaluate("(lab) => lab.dataset.frames")
    page.wait_for_timeout(200)
    assert left.evaluate("(lab) => [lab.dataset.frames, lab.childElementCount]") == [frames, 0]


def test_pointer_and_keys_show_an_output_with_its_sum_written_out(server: Server, page: Page) -> None:
    lab = open_lab(page, server)
    sums = lab.locator(".sum")
    for row, column in ((0, 0), (12, 7), (29, 29)):
        point_at(page, 1, row, column, 30, 30)
        expect(sums).to_contain_text(f"output[{row}, {column}] =")
        expect(sums.locator(".result")).to_have_text(f"= {words(edges()[row, column])}")
        under = pixels()[0, row : row + 3, column : column + 3].ravel()
        terms = [re.sub(r"^\+ ", "", text) for text in sums.locator(".term").all_inner_texts()]
        weights = named_kernel(KernelName.SOBEL_X).weights.ravel()
        assert terms == [f"{pixel} × {words(weight)}" for pixel, weight in zip(under, weights, strict=True)]

    page.mouse.move(0, 0)
    page.locator("canvas.over[data-map='1']").focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(sums).to_contain_text("output[28, 27] =")
    expect(lab.locator(".result")).to_have_text(f"= {words(edges()[28, 27])}")
    page.keyboard.press("Space")
    expect(lab.get_by_role("button", name="Pause")).to_be_visible()


def test_pointing_at_an_input_says_how_many_outputs_it_reaches(server: Server, page: Page) -> None:
    lab = open_lab(page, server, "?conv_stride=2")
    sums = lab.locator(".sum")
    for row, column, reach in ((0, 0, "one window"), (1, 1, "one window"), (2, 2, "4 windows")):
        point_at(page, 0, row, column, 32, 32)
        expect(sums).to_contain_text(f"input[{row}, {column}] = {pixels()[0, row, column]}")
        expect(sums).to_contain_text(reach)
    point_at(page, 0, 31, 31, 32, 32)
    expect(sums).to_contain_text("no window ever covers it")

    lab = open_lab(page, server, "?conv_padding=3&border=reflect&pixels=9&conv_stride=2&conv_kernel=blur")
    blur, sliding = named_kernel(KernelName.BLUR), Sliding(2, 3, border=Border.REFLECT)
    for row, column in ((1, 1), (2, 5)):  # seen in the padding, too
        lone = np.zeros((1, 9, 9), np.uint8)
        lone[0, row, column] = 255
        reach = np.count_nonzero(apply_kernel(lone, blur, sliding).output)
        point_at(page, 0, row + 3, column + 3, 15, 15)
        expect(lab.locator(".sum")).to_contain_text(f"input[{row}, {column}]")
        expect(lab.locator(".sum")).to_contain_text(f"{reach} windows cover it")
    point_at(page, 0, 0, 0, 15, 15)
    expect(lab.locator(".sum")).to_contain_text("padding at [-3, -3]")


def test_a_slider_moves_the_picture_in_place_while_it_plays(server: Server, page: Page) -> None:
    lab = open_lab(page, server)
    lab.evaluate("(lab) => { lab.dataset.same = 'yes' }")
    lab.get_by_role("button", name="Play").click()
    page.get_by_test_id("stSlider").filter(has_text="Padding").get_by_role("slider").press("ArrowRight")
    expect(lab.locator("figcaption", has_text="Output")).to_contain_text("32 × 32")
    assert lab.get_attribute("data-same") == "yes"
    expect(lab.get_by_role("button", name="Pause")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]conv_padding=1"))
    page.reload()
    settle(page)
    expect(page.locator(".lab figcaption", has_text="Output")).to_contain_text("32 × 32")


def test_a_weight_changed_in_the_grid_makes_a_kernel_of_ones_own(server: Server, page: Page) -> None:
    lab = open_lab(page, server, "?conv_kernel=identity&turned=true")
    first = lab.get_by_label("weight, row 0, column 0")
    first.fill("-2")
    first.press("Enter")
    expect(page.get_by_label("Weights; a row ends at ;")).to_have_value("0 0 0; 0 1 0; 0 0 -2")
    point_at(page, 1, 3, 4, 30, 30)
    expected = int(pixels()[0, 4, 5]) - 2 * int(pixels()[0, 3, 4])
    expect(lab.locator(".result")).to_have_text(f"= {words(expected)}")

    lab = open_lab(page, server, "?conv_kernel=Gaussian")
    middle = lab.get_by_label("weight, row 1, column 1")
    middle.fill("8")
    middle.press("Enter")
    expect(page.get_by_label("Weights; a row ends at ;")).to_have_value("1 2 1; 2 8 2; 1 2 1")
    expect(page.get_by_label("Divided by")).to_have_value("16.00")


def test_pooling_and_the_strip_tell_who_won(server: Server, page: Page) -> None:
    lab = open_lab(page, server, "?mode=Pooling")
    pooled = pool(pixels(), 2, 2)
    point_at(page, 2, 5, 6, 16, 16)
    results = lab.locator(".result")
    expect(results.first).to_have_text(words(pooled.largest[0, 5, 6]))
    expect(results.last).to_have_text(words(pooled.mean[0, 5, 6]))
    expect(lab.locator(".winner")).to_have_count(1)
    expect(lab.locator(".winner")).to_have_text(words(pooled.largest[0, 5, 6]))

    page.get_by_text("Conv → ReLU → pool", exact=True).click()
    expect(lab.locator("figcaption", has_text="ReLU")).to_be_visible()
    point_at(page, 3, 5, 6, 15, 15)
    largest = pool(np.maximum(edges(), 0)[None], 2, 2).largest[0, 5, 6]
    expect(lab.locator(".sum")).to_contain_text("pool[5, 6] =")
    expect(results.last).to_have_text(words(largest))


def test_it_fits_a_phone_and_answers_a_finger(server: Server, browser: Browser) -> None:
    errors: list[str] = []
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        phone = context.new_page()
        phone.on("pageerror", lambda error: errors.append(str(error)))
        lab = open_lab(phone, server)
        assert lab.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
        picture = phone.locator("canvas.over[data-map='0']")
        picture.scroll_into_view_if_needed()
        picture.tap()
        expect(lab.locator(".sum")).to_contain_text("9 windows cover it")
        phone.locator("canvas.over[data-map='1']").tap(position={"x": 2, "y": 2})
        expect(lab.locator(".sum")).to_contain_text("output[0, 0] =")
    assert errors == []
