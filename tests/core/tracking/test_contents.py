"""What of a run is sent, and how much of it still waits."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from core.data.dataset import Dataset, save_dataset
from core.figures.run_svg import confusion_svg, curves_svg
from core.records import to_json
from core.runs.store import Run, RunState, Status, create_run
from core.tracking.contents import (
    LONGEST,
    data_identity,
    ending,
    epoch_metrics,
    epoch_times,
    parameters,
    tags,
    waiting,
)
from core.tracking.cursor import FILE, Cursor, load_cursor, mark_tracked
from core.workspace import Workspace
from tests.digits import small_run


def run_of(workspace: Workspace, dataset: Dataset) -> Run:
    return create_run(workspace.runs, to_json(small_run(dataset)), "run")


def test_settings_become_flat_parameters(digits: Dataset) -> None:
    flat = parameters(to_json(small_run(digits)))
    assert flat["training.learning_rate"] == "0.005"
    assert flat["cnn.blocks.1.filters"] == "16"
    assert flat["classes"] == ", ".join(digits.classes)
    assert not {"name", "kind"} & set(flat)
    assert len(parameters({"classes": ["a" * 300] * 9})["classes"]) == LONGEST


def test_tags_tell_the_run_and_its_data(workspace: Workspace, digits: Dataset) -> None:
    run = run_of(workspace, digits)
    found = tags(run, data_identity(workspace, digits.id))
    assert (found["workbench.run_id"], found["workbench.kind"]) == (run.id, "train-cnn")
    assert len(found["workbench.data_sha256"]) == 64
    assert data_identity(workspace, "gone") is None
    pictures = (replace(digits.pictures[0], label=digits.classes[-1]), *digits.pictures[1:])
    before = data_identity(workspace, digits.id)
    save_dataset(replace(digits, pictures=pictures))
    assert data_identity(workspace, digits.id) != before


def test_only_finite_numbers_of_an_epoch_are_sent() -> None:
    record = {"epoch": 3, "train_loss": 0.5, "valid_loss": float("nan"), "is_best": True, "memory": None}
    assert epoch_metrics({**record, "phases": {"forward": 2.0}}) == {
        "train_loss": 0.5,
        "seconds.forward": 2.0,
    }
    assert epoch_times([{"seconds": 1.5}, {}, {"seconds": 2}], 10.0) == [11500, 11500, 13500]


def test_what_waits_is_counted(workspace: Workspace, digits: Dataset) -> None:
    run = run_of(workspace, digits)
    cursor = mark_tracked(run, "http://host")
    assert mark_tracked(run, "http://host") == cursor
    run.metrics_file.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert waiting(run, cursor) == 3
    assert waiting(run, replace(cursor, described=True, epochs=2)) == 0
    run.write_status(Status(RunState.STOPPED, finished=5.0))
    sent = replace(cursor, described=True, epochs=2)
    assert waiting(run, sent) == 2  # config.json, and the end
    assert ending(run.status()) == "stopped 5.0"
    assert ending(Status(RunState.PAUSED)) == ""


def test_another_server_begins_anew_and_a_damaged_cursor_too(workspace: Workspace, digits: Dataset) -> None:
    run = run_of(workspace, digits)
    assert load_cursor(run) is None
    first = mark_tracked(run, "http://one")
    second = mark_tracked(run, "http://two")
    assert second == Cursor("http://two", first.began)
    (run.folder / FILE).write_text("{")
    assert mark_tracked(run, "http://two").epochs == 0


def test_the_figures_are_whole_drawings() -> None:
    names = ['<b>"&', "two"]
    drawing = ElementTree.fromstring(confusion_svg(np.array([[3, 0], [1, 9]]), names))
    written = [element.text for element in drawing.iter() if element.tag.endswith("text")]
    assert [words for words in written if words and words.isdigit()] == ["3", "1", "9"]
    assert written.count(names[0]) == 2
    record = {"train_loss": 1.0, "valid_loss": float("nan"), "train_accuracy": 0.5, "valid_accuracy": 0.25}
    for count in (0, 1, 5):
        curves = ElementTree.fromstring(curves_svg([{"epoch": n + 1, **record} for n in range(count)]))
        dots = [element for element in curves.iter() if element.tag.endswith("circle")]
        assert len(dots) == 3 * count
