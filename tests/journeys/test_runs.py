"""Runs in a real browser: the confusion matrix is clicked, runs are compared, renamed and deleted."""

import re
from collections import Counter

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.data.dataset import Dataset
from core.runs.store import Run, list_runs
from core.training.predictions import load_predictions
from core.workspace import Workspace
from tests.journeys.browser import new_page, press, settle, visit
from tests.journeys.server import Server
from tests.pages.runs import finished_run

pytestmark = pytest.mark.journey

# Looks at a chart in every frame for four seconds: the different places where it was seen.
WATCH_FRAMES = """selector => new Promise(done => {
  const places = new Set(), end = performance.now() + 4000;
  const look = () => {
    const boxes = [...document.querySelectorAll(selector)].map(chart => chart.getBoundingClientRect());
    const seen = boxes.filter(box => box.height > 0);
    places.add(seen.map(box => `${box.x},${box.y},${box.width}x${box.height}`).join(" and "));
    performance.now() < end ? requestAnimationFrame(look) : done([...places]);
  };
  look();
})"""


def largest_cells(run: Run, most: int) -> list[tuple[int, int, int]]:
    """(true class, predicted class, pictures) of the fullest cells of the confusion matrix."""
    predictions = load_predictions(run.folder, "valid")
    assert predictions is not None
    counts = Counter(zip(predictions.targets.tolist(), predictions.predicted.tolist(), strict=True))
    return [(true, predicted, pictures) for (true, predicted), pictures in counts.most_common(most)]


def click_cell(page: Page, matrix: Locator, row: int, column: int, classes: int) -> None:
    """Press the middle of a cell; Plotly acts on the cell that the pointer has come to rest on."""
    settle(page)
    page.wait_for_timeout(500)  # each click draws the matrix anew
    area = matrix.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    x, y = ((column + 0.5) / classes * box["width"], (row + 0.5) / classes * box["height"])
    page.mouse.move(box["x"] + x, box["y"] + y)
    expect(matrix.locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(box["x"] + x, box["y"] + y)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_cell_of_the_confusion_matrix_opens_its_pictures(
    run: Run, server: Server, browser: Browser, width: int
) -> None:
    with new_page(browser, width=width, height=844) as page:
        visit(page, f"{server.url}/runs?run={run.id}")
        matrix = page.locator(f".st-key-matrix_{run.id}_valid")
        for true, predicted, pictures in largest_cells(run, 3):
            click_cell(page, matrix, true, predicted, classes=10)
            words = f"{true}, rightly" if true == predicted else f"{true} taken for {predicted}"
            chosen = page.get_by_role("combobox", name="Cell")
            expect(chosen).to_have_value(re.compile(f"^{words}: {pictures} picture"))
            expect(page.locator(f"img[alt^='{true}/'][alt$='% sure']")).to_have_count(pictures)


def test_runs_side_by_side_renamed_and_deleted(
    workspace: Workspace, digits: Dataset, run: Run, server: Server, page: Page
) -> None:
    finished_run(workspace, digits, "Slower", learning_rate=1e-4)
    visit(page, f"{server.url}/runs")
    for chart in ("compared_accuracy", "compared_loss"):
        names = page.locator(f".st-key-{chart} .legendtext")
        expect(names).to_have_text(["Slower", "Small run"])

    press(page, "Slower")
    press(page, "Rename")
    page.get_by_label("Name", exact=True).fill("Much slower")
    press(page, "Save the name")
    expect(page.get_by_role("heading", name="Much slower")).to_be_visible()

    press(page, "Delete")
    press(page, "Delete for good")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Much slower")).to_have_count(0)
    assert [left.id for left in list_runs(workspace.runs)] == [run.id]


def test_more_epochs_go_on_where_the_run_ended(run: Run, server: Server, page: Page) -> None:
    visit(page, f"{server.url}/runs?run={run.id}")
    press(page, "More epochs")
    page.get_by_label("Epochs to add").fill("2")
    page.get_by_label("Epochs to add").press("Enter")
    press(page, "Continue training")
    expect(page.get_by_text("after 4 finished epochs")).to_be_visible(timeout=90_000)
    assert [record["epoch"] for record in run.metrics()] == [1, 2, 3, 4]


def test_curves_grow_without_a_click_and_nothing_jumps(run: Run, server: Server, page: Page) -> None:
    """The run goes on for long enough to be watched; then it is stopped."""
    visit(page, f"{server.url}/runs?run={run.id}")
    press(page, "More epochs")
    page.get_by_label("Epochs to add").fill("900")
    page.get_by_label("Epochs to add").press("Enter")
    press(page, "Continue training")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Time of an epoch")).to_be_visible()
    points = page.locator(".st-key-loss_curves .mark-symbol.role-mark path")
    before = points.count()
    expect(points.nth(before + 4)).to_be_attached(timeout=90_000)
    watched = page.evaluate(WATCH_FRAMES, ".st-key-loss_curves svg.marks")
    assert len(watched) == 1, watched
    press(page, "Stop")
    expect(page.get_by_text("the best one is kept")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Where it is right")).to_be_visible()
