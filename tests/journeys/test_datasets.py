"""Bringing pictures in a real browser: the sample, a zip with bad files in it, a folder, and the ways out."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import give_files, open_tab, press, settle, visit
from tests.journeys.pictures import photo_cuttings, write_folder, write_zip
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def metric(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue").inner_text()


def test_sample_digits_from_the_first_page(server: Server, page: Page) -> None:
    visit(page, server.url)
    press(page, "Bring pictures")
    press(page, "Use the sample digits")
    expect(page.get_by_test_id("stMetric").filter(has_text="Pictures")).to_contain_text("1,797")
    assert metric(page, "Classes") == "10"
    assert "dataset=" in page.url
    settle(page)

    open_tab(page, "Pictures")
    expect(page.get_by_alt_text("Pictures of class")).to_have_count(10)
    open_tab(page, "One batch")
    expect(page.get_by_text("[B, C, H, W] = [8, 1, 32, 32]")).to_be_visible()
    press(page, "Train on it")
    expect(page).to_have_url(re.compile(r"/cnn\?dataset="))


def test_zip_with_bad_files_names_each_of_them(server: Server, page: Page, tmp_path: Path) -> None:
    good = photo_cuttings(6)
    bad = {
        "palace/cut.png": good["palace/00.png"][:300],
        "palace/empty.png": b"",
        "flower/words.jpg": b"This is not a picture.",
        "../outside.png": good["palace/01.png"],
        "no_class.png": good["palace/02.png"],
    }
    visit(page, f"{server.url}/datasets")
    open_tab(page, "Zip file")
    give_files(page, write_zip(tmp_path / "holiday.zip", {**good, **bad}), uploader="Zip file")
    press(page, "Import the zip")
    expect(page.get_by_test_id("stMetric").filter(has_text="Left out")).to_contain_text(str(len(bad)))
    assert metric(page, "Pictures") == str(len(good))
    expect(page.get_by_text(f"{len(bad)} files left out")).to_be_visible()
    assert not list(server.home.parent.rglob("outside.png"))
    left_out = next(server.home.glob("datasets/*/rejected.jsonl")).read_text(encoding="utf-8")
    assert all(name in left_out for name in bad)


def test_folder_from_this_computer(server: Server, page: Page, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "holiday", photo_cuttings(5))
    visit(page, f"{server.url}/datasets")
    open_tab(page, "Folder")
    give_files(page, folder, uploader="Folder")
    press(page, "Import 10 files")
    expect(page.get_by_test_id("stMetric").filter(has_text="Pictures")).to_contain_text("10")
    assert metric(page, "Classes") == "2"
    expect(page.get_by_text("holiday", exact=False).first).to_be_visible()


def test_zip_that_is_none_is_refused_and_can_be_dismissed(server: Server, page: Page, tmp_path: Path) -> None:
    (tmp_path / "fake.zip").write_bytes(b"PK but not really")
    visit(page, f"{server.url}/datasets")
    open_tab(page, "Zip file")
    give_files(page, tmp_path / "fake.zip", uploader="Zip file")
    press(page, "Import the zip")
    expect(page.get_by_text("was not imported; nothing was changed.")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_contain_text("zip")
    press(page, "Dismiss")
    expect(page.get_by_text("was not imported")).to_have_count(0)
    assert not list(server.home.glob("datasets/*"))


def test_cancelled_import_leaves_nothing(server: Server, page: Page, tmp_path: Path) -> None:
    picture = photo_cuttings(1)["palace/00.png"]
    many = {f"{label}/{number}.png": picture for label in ("palace", "flower") for number in range(5_000)}
    folder = write_folder(tmp_path / "many", many)
    visit(page, f"{server.url}/datasets")
    open_tab(page, "Path on the server")
    page.get_by_label("Path", exact=True).fill(str(folder))
    page.get_by_label("Path", exact=True).press("Enter")
    press(page, "Import from this path")
    expect(page.get_by_test_id("stProgress")).to_contain_text(re.compile(r"of 10,000"))
    press(page, "Cancel")
    expect(page.get_by_text("nothing was changed")).to_be_visible()
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    assert not list(server.home.glob("datasets/*"))


def test_rename_then_delete(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/datasets")
    press(page, "Use the sample digits")
    expect(page.get_by_test_id("stMetric").filter(has_text="Pictures")).to_contain_text("1,797")
    open_tab(page, "Rename or delete")
    page.get_by_label("Name", exact=True).fill("Numbers")
    press(page, "Rename")
    expect(page.get_by_role("combobox", name="Data set")).to_have_value(re.compile("Numbers"))
    press(page, "Delete this data set")
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Use the sample digits")).to_be_visible()
    assert not list(server.home.glob("datasets/*"))
