"""From a trained run to a checked zip on the user's disk, in a real browser."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run
from core.serving.export.report import export_of
from tests.journeys.browser import press, settle, visit
from tests.journeys.server import Server

pytestmark = pytest.mark.journey


def test_a_run_is_exported_and_the_zip_downloaded_whole(
    run: Run, digits: Dataset, server: Server, page: Page, tmp_path: Path
) -> None:
    visit(page, f"{server.url}/export?run={run.id}")
    press(page, "Export")
    expect(page.get_by_text("Checked on 20 test pictures: no label changed")).to_be_visible(timeout=120_000)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the zip").click()
    download.value.save_as(tmp_path / "got.zip")
    report = export_of(run)
    assert report is not None
    assert download.value.suggested_filename == report.file
    with zipfile.ZipFile(tmp_path / "got.zip") as archive:
        assert archive.testzip() is None
        assert {"model.onnx", "predict.py", "README.md"} <= set(archive.namelist())
