"""Predicting in a real browser: the camera, pictures of the data set, and files that are none."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run
from tests.journeys.browser import give_files, press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def test_a_photograph_is_classified(run: Run, server: Server, page: Page) -> None:
    page.context.grant_permissions(["camera"])
    visit(page, f"{server.url}/predict?run={run.id}")
    page.get_by_text("Camera", exact=True).click()
    page.wait_for_function("document.querySelector('video')?.currentTime > 0")  # the camera films
    page.get_by_role("button", name="Take photo").click()
    expect(page.get_by_text(re.compile(r"% sure")).first).to_be_visible()
    expect(page.get_by_text("as received: 8 x 8, grey")).to_be_visible()


def test_pictures_of_the_data_set_are_classified(
    run: Run, digits: Dataset, server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/predict?run={run.id}")
    press(page, "Try pictures of the data set")
    expect(page.get_by_text(re.compile(r"% sure")).first).to_be_visible()
    expect(page.get_by_text("12 test pictures of Digits").first).to_be_visible()
    settle(page)


def test_files_that_are_no_pictures_are_named_and_nothing_breaks(
    run: Run, server: Server, page: Page, tmp_path: Path
) -> None:
    contents = {
        "empty.png": b"",
        "words.jpg": b"not a picture",
        "cut.gif": b"GIF89a\x01",
        "run.sh": b"#!/bin/sh",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    visit(page, f"{server.url}/predict?run={run.id}")
    give_files(page, [tmp_path / name for name in contents], uploader="At most 10,000 pictures")
    for name in contents:
        expect(page.get_by_text(name).first).to_be_visible()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    settle(page)
