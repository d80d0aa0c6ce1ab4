"""From a prediction to its reasons in a real browser, and a change of mind while they are computed."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(re.escape(label))).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def downloaded(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        press(page, "Download as PNG")
    target = folder / download.value.suggested_filename
    download.value.save_as(target)
    return target


def test_from_a_prediction_to_its_reasons(
    run: Run, digits: Dataset, server: Server, page: Page, tmp_path: Path
) -> None:
    visit(page, f"{server.url}/predict?run={run.id}")
    press(page, "Try pictures of the data set")
    why = page.get_by_text("Why this class?", exact=True)
    expect(why).to_be_visible()
    settle(page)
    why.click()
    expect(page.get_by_text(re.compile("by Grad-CAM at the layer conv2: raw values from"))).to_be_visible()
    guess = page.get_by_role("heading", level=3).first.inner_text().split()[0]
    press(page, "Ask more")

    expect(page.get_by_role("heading", name="Attribution")).to_be_visible()
    expect(page).to_have_url(re.compile(f"network=run.{run.id}"))
    expect(page.get_by_role("heading", level=3)).to_have_text(re.compile(rf"^{guess} · probability [\d.]+%$"))
    expect(page.get_by_role("radio", name="Predict")).to_be_checked()
    choose(page, "Method", "Occlusion")
    expect(page.get_by_text(re.compile(r"^Occlusion: \S+ to \S+$"))).to_be_visible()
    page.get_by_text("Beside random weights").click()
    expect(
        page.get_by_text(re.compile(r"^Rank correlation with the map of random weights: "))
    ).to_be_visible()
    expect(page.get_by_text(re.compile(r"^random weights: \S+ to \S+$"))).to_be_visible()
    settle(page)

    file = downloaded(page, tmp_path)
    assert file.name == "occlusion.png"
    picture = np.asarray(Image.open(file))
    assert picture.shape == (320, 320, 3)
    assert np.ptp(picture[..., 0].astype(int) - picture[..., 2]) > 20  # colours, not only grey


def test_a_change_of_mind_ends_a_long_computation(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/attribution?method=Occlusion")
    press(page, "Compute")
    expect(page.get_by_text(re.compile(r"windows covered: \d+ of 225"))).to_be_visible()
    expect(page.get_by_role("button", name="Compute")).to_have_count(0)
    page.get_by_role("combobox", name=re.compile("Method")).click()
    page.get_by_role("option", name="Guided backpropagation", exact=True).click()
    expect(page.get_by_text(re.compile(r"^Guided backpropagation: \S+ to \S+$"))).to_be_visible(timeout=8000)
    expect(page.get_by_text(re.compile("windows covered"))).to_have_count(0)
    settle(page)
