"""The main job in a real browser: sample data, a CNN, its curves as they grow, a prediction, the CSV."""

import csv
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.data.dataset import Dataset
from core.data.sample_digits import digit_names, digit_png
from core.runs.store import Run, RunState, list_runs
from core.workspace import Workspace
from tests.journeys.browser import give_files, open_tab, press, settle, visit
from tests.journeys.server import Server, serve

pytestmark = pytest.mark.journey
TRAINING = 90_000  # milliseconds


def start_training(page: Page, epochs: int) -> None:
    open_tab(page, "Training")
    box = page.get_by_role("spinbutton", name="Epochs")
    box.fill(str(epochs))
    box.press("Enter")
    settle(page)
    press(page, "Start training")
    expect(page).to_have_url(re.compile(r"/runs\?run="))


def only_run(server: Server) -> Run:
    (run,) = list_runs(server.home / "runs")
    return run


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    for _ in range(TRAINING // 200):
        if condition():
            return
        page.wait_for_timeout(200)
    raise AssertionError("it did not come about")


def test_from_the_sample_to_a_prediction(server: Server, page: Page, tmp_path: Path) -> None:
    visit(page, f"{server.url}/datasets")
    press(page, "Use the sample digits")
    expect(page.get_by_test_id("stMetric").filter(has_text="Pictures")).to_contain_text("1,797")
    press(page, "Train on it")
    start_training(page, epochs=3)

    curves = page.locator("[data-testid=stVegaLiteChart] .mark-symbol.role-mark path").first
    expect(curves).to_be_visible(timeout=TRAINING)
    expect(page.get_by_text("after 3 finished epochs")).to_be_visible(timeout=TRAINING)
    expect(page.get_by_test_id("stMetric").filter(has_text="Validation accuracy")).to_contain_text("%")
    assert [record["epoch"] for record in only_run(server).metrics()] == [1, 2, 3]

    sevens = [index for index, name in enumerate(digit_names()) if name.startswith("7/")][:3]
    files = []
    for index in sevens:
        files.append(tmp_path / f"seven {index}.png")
        files[-1].write_bytes(digit_png(index))
    broken = tmp_path / "broken.png"
    broken.write_bytes(digit_png(sevens[0])[:60])
    visit(page, f"{server.url}/predict?run={only_run(server).id}")
    give_files(page, [*files, broken], uploader="At most")
    expect(page.get_by_text("broken.png").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").click()
    table = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    named = {row["file"]: row for row in table}
    assert set(named) == {file.name for file in [*files, broken]}
    assert named["broken.png"]["problem"]
    right = [named[file.name]["prediction"] == "7" for file in files]
    assert sum(right) >= 2


def test_a_run_outlives_its_server(workspace: Workspace, digits: Dataset, page: Page) -> None:
    home = workspace.root
    with serve(home) as first:
        visit(page, f"{first.url}/cnn")
        start_training(page, epochs=4)
        run = only_run(first)
        wait_until(page, lambda: run.status().state is RunState.RUNNING)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    wait_until(page, lambda: run.status().state is RunState.FINISHED)
    with serve(home) as second:
        visit(page, f"{second.url}/runs?run={run.id}")
        expect(page.get_by_text("after 4 finished epochs")).to_be_visible()


def test_a_killed_worker_is_noticed_and_goes_on(digits: Dataset, server: Server, page: Page) -> None:
    visit(page, f"{server.url}/cnn")
    start_training(page, epochs=400)
    run = only_run(server)
    wait_until(page, lambda: len(run.metrics()) >= 1)
    pid = run.status().pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    expect(page.get_by_text("died without a word")).to_be_visible(timeout=10_000)
    finished = len(run.metrics())
    press(page, "Go on")
    wait_until(page, lambda: len(run.metrics()) > finished)
    settle(page)  # a press is lost on a page that is still being drawn
    press(page, "Stop")
    expect(page.get_by_text("the best one is kept")).to_be_visible(timeout=TRAINING)
    assert [record["epoch"] for record in run.metrics()][: finished + 1] == list(range(1, finished + 2))
