"""The grid of maps in a real browser, on a page of its own: colours, pointing, keys, picking."""

from collections.abc import Iterator

import numpy as np
import pytest
import streamlit as st
from playwright.sync_api import Browser, Locator, Page, expect

from core.figures.map_grid import Tile, colors_of, map_grid, scales_of
from pages.shared.map_grid import show_map_grid
from tests.journeys.browser import settle, visit
from tests.journeys.server import Server, serve

pytestmark = pytest.mark.journey

SCRIPT = "from tests.journeys.test_map_grid import show_page\n\nshow_page()\n"
ROWS, COLUMNS = 6, 5
PICTURE = np.random.default_rng(1).integers(0, 256, (12, 10, 3), np.uint8)
SIGHT = (
    [(2 * row - 1, 2 * row + 2) for row in range(ROWS)],
    [(2 * column, 2 * column) for column in range(COLUMNS)],
)


def tiles() -> list[Tile]:
    values = np.random.default_rng(0).normal(size=(4, ROWS, COLUMNS)).astype(np.float32)
    values[1] = 0
    values[2, 3, 2] = np.nan
    colored = np.random.default_rng(2).normal(size=(ROWS, COLUMNS, 3)).astype(np.float32)
    named = [Tile(f"channel {index}", each) for index, each in enumerate(values)]
    return [*named, Tile("kernel 0", colored, detail="bias 0.5")]


def show_page() -> None:
    def pick(index: int) -> None:
        st.session_state["chosen"] = index

    shared = st.toggle("One scale")
    chosen = st.session_state.get("chosen")
    grid = map_grid(tiles(), shared_scale=shared, picture=PICTURE, sight=SIGHT, picked=chosen)
    show_map_grid(grid, key="maps", on_pick=pick)
    st.write(f"chosen: {chosen}")


@pytest.fixture(scope="module")
def maps_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("maps")
    script = folder / "maps.py"
    script.write_text(SCRIPT)
    with serve(folder / "home", script) as running:
        yield running


def canvas_colors(grid: Locator, index: int) -> np.ndarray:
    """uint8 (H, W, 3) of what a tile's canvas holds."""
    drawn = grid.locator(".tile canvas").nth(index)
    pixels = drawn.evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    )
    return np.array(pixels, np.uint8).reshape(ROWS, COLUMNS, 4)[:, :, :3]


def cell(grid: Locator, index: int, row: int, column: int) -> tuple[float, float]:
    """The middle of a cell on the screen."""
    box = grid.locator(".tile canvas").nth(index).bounding_box()
    assert box is not None
    return (
        box["x"] + (column + 0.5) * box["width"] / COLUMNS,
        box["y"] + (row + 0.5) * box["height"] / ROWS,
    )


def field(grid: Locator) -> list[float]:
    """Left, top, width and height of the receptive field in pixels of the picture."""
    drawn, whole = grid.locator(".field").bounding_box(), grid.locator(".picture").bounding_box()
    assert drawn is not None
    assert whole is not None
    scale = whole["width"] / PICTURE.shape[1]
    edges = drawn["x"] - whole["x"], drawn["y"] - whole["y"], drawn["width"], drawn["height"]
    return [edge / scale for edge in edges]


def test_colours_are_those_of_python_and_change_in_place(maps_server: Server, page: Page) -> None:
    visit(page, maps_server.url)
    grid = page.locator(".map-grid")
    expect(grid.locator(".tile")).to_have_count(5)
    grid.locator(".tile canvas").first.evaluate("(canvas) => { canvas.dataset.same = 'yes'; }")
    for shared in (False, True):
        if shared:
            page.get_by_text("One scale").click()
            expect(grid.locator(".note")).to_contain_text("the ends are ±")
            settle(page)
        for index, (tile, scale) in enumerate(zip(tiles(), scales_of(tiles(), shared=shared), strict=True)):
            np.testing.assert_array_equal(canvas_colors(grid, index), colors_of(tile, scale))
    expect(grid.locator("canvas[data-same]")).to_have_count(1)


def test_a_cell_tells_its_value_and_what_it_sees(maps_server: Server, page: Page) -> None:
    visit(page, maps_server.url)
    grid = page.locator(".map-grid")
    words, values = grid.get_by_role("status"), tiles()[0].values
    before = grid.bounding_box()
    page.mouse.move(*cell(grid, 0, 2, 3))
    value = f"{values[2, 3]:.4g}".replace("-", "−")
    expect(words).to_have_text(
        f"channel 0, row 2, column 3: {value}; sees rows 3 to 6, column 6 of the picture"
    )
    assert field(grid) == pytest.approx([6, 3, 1, 4], abs=0.05)
    page.mouse.move(*cell(grid, 2, 3, 2))
    expect(words).to_contain_text("channel 2, row 3, column 2: not a number; sees")
    page.mouse.move(*cell(grid, 4, 0, 0))
    expect(words).to_contain_text("kernel 0, row 0, column 0: red ")
    expect(words).to_contain_text("sees rows 0 to 2, column 0 of the picture, and padding")
    assert grid.bounding_box() == before

    grid.get_by_role("img", name="channel 1, all 0").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(words).to_contain_text("channel 1, row 0, column 1: 0; sees")


def test_a_press_and_a_key_pick_a_map(maps_server: Server, page: Page) -> None:
    visit(page, maps_server.url)
    grid = page.locator(".map-grid")
    expect(page.get_by_text("chosen: None")).to_be_visible()
    page.mouse.click(*cell(grid, 2, 0, 0))
    expect(page.get_by_text("chosen: 2")).to_be_visible()
    expect(grid.locator("[aria-current=true]")).to_have_attribute("data-index", "2")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("chosen: 3")).to_be_visible()
    expect(grid.locator("[aria-current=true]")).to_have_attribute("data-index", "3")


def test_it_fits_a_phone_and_answers_a_finger(maps_server: Server, browser: Browser) -> None:
    errors: list[str] = []
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        phone = context.new_page()
        phone.on("pageerror", lambda error: errors.append(str(error)))
        visit(phone, maps_server.url)
        grid = phone.locator(".map-grid")
        assert grid.evaluate("(grid) => grid.scrollWidth <= grid.clientWidth")
        phone.touchscreen.tap(*cell(grid, 1, 4, 4))
        expect(grid.get_by_role("status")).to_contain_text("channel 1, row 4, column 4: 0; sees rows 7 to 10")
    assert errors == []
