"""Filters and feature maps in a real browser: what is pressed, slid, given and taken along."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run
from tests.journeys.browser import give_files, open_tab, press, settle, visit
from tests.journeys.pictures import photo_cuttings
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def label(tile: Locator) -> str:
    return tile.locator(".label").inner_text()


def downloaded(page: Page, folder: Path) -> Image.Image:
    with page.expect_download() as download:
        press(page, "Download as PNG")
    download.value.save_as(folder / download.value.suggested_filename)
    picture = Image.open(folder / download.value.suggested_filename)
    picture.load()
    assert picture.format == "PNG"
    return picture


def test_maps_are_chosen_compared_and_taken_along(
    run: Run, digits: Dataset, server: Server, page: Page, tmp_path: Path
) -> None:
    visit(page, f"{server.url}/feature-maps?network=run.{run.id}")
    page.locator(".network g.pickable").filter(has_text="pool1").click()
    expect(page).to_have_url(re.compile("layer=pool1"))
    expect(page.get_by_text("8 maps of 4 x 4")).to_be_visible()
    settle(page)

    maps, pooled = page.locator(".map-grid").first, page.locator(".map-grid").nth(1)
    third = maps.locator(".tile").nth(2)
    expect(pooled.locator(".tile .label").first).to_have_text(label(maps.locator(".tile").first))
    third.locator(".map").click()
    expect(pooled.locator(".tile .label").first).to_have_text(label(third))
    expect(third).to_have_attribute("aria-current", "true")
    expect(maps.get_by_role("status")).to_contain_text("of the picture")
    sheet = downloaded(page, tmp_path)
    assert min(sheet.size) > 200

    before = maps.locator(".picture img").get_attribute("src")
    (tmp_path / "mine.png").write_bytes(photo_cuttings(1)["palace/00.png"])
    page.get_by_text("Upload", exact=True).click()
    give_files(page, tmp_path / "mine.png", uploader="A picture of yours")
    expect(page.locator(".map-grid .picture img").first).to_be_visible()
    assert page.locator(".map-grid .picture img").first.get_attribute("src") != before


def test_the_pictures_that_excite_a_channel_are_found(
    run: Run, digits: Dataset, server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/feature-maps?network=run.{run.id}&layer=activation1")
    open_tab(page, "What excites a channel")
    press(page, "Search")
    expect(page.get_by_test_id("stImage")).to_have_count(9)
    expect(page.get_by_text(re.compile(r"Channel \d+ put out"))).to_be_visible()
    maps = page.locator(".map-grid").first.locator(".tile")
    chosen = label(maps.last)
    maps.last.locator(".map").click()
    expect(page.get_by_text(re.compile(f"{chosen} put out", re.IGNORECASE))).to_be_visible()


def test_filters_change_through_the_epochs(run: Run, server: Server, page: Page, tmp_path: Path) -> None:
    visit(page, f"{server.url}/filters?network=run.{run.id}")
    first = page.locator(".map-grid .tile").first
    seen = [first.locator(".range").inner_text()]
    for epoch in ("epoch 2", "epoch 1", "initial"):
        page.get_by_role("slider").press("ArrowLeft")
        expect(page.get_by_test_id("stSliderThumbValue")).to_have_text(epoch)
        settle(page)
        if epoch != "epoch 2":  # which is the best one
            expect(first.locator(".range")).not_to_have_text(seen[-1])
        seen.append(first.locator(".range").inner_text())
    assert len(set(seen)) == 3
    assert downloaded(page, tmp_path).width > 8 * 100
