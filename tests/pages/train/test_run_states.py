"""Pausing, and the ways out of a pause, of a full disk and of a failure."""

import json

import pytest

from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.runs.place import Place, place_of, put_at
from core.runs.store import Run, RunState, Status
from core.workspace import Workspace, write_json
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.runs import new_run, run_at_work

PAGE = "train/runs"
SLOWER = "Go on from the last good checkpoint with a tenth of the learning rate"


def run_in(workspace: Workspace, digits: Dataset, state: RunState, *, epochs: int = 0, **status) -> Run:
    run = new_run(workspace, digits, "In a state")
    records = ({"epoch": n, "valid_accuracy": 0.5, "is_best": n == 1} for n in range(1, epochs + 1))
    run.metrics_file.write_text("".join(json.dumps(record) + "\n" for record in records))
    run.write_status(Status(state, epochs=4, **status))
    return run


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that a page starts; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("pages.shared.run_actions.launch", runs.append)
    monkeypatch.setattr("core.runs.continuing.launch", runs.append)
    return runs


def test_a_run_at_work_on_a_cluster_says_where(workspace: Workspace, digits: Dataset) -> None:
    with run_at_work(workspace, digits, device="cpu") as run:
        assert "on the Ray cluster" not in texts(open_page(PAGE, run=run.id))
        put_at(run, Place("head:6379"))
        assert "on the Ray cluster at head:6379" in texts(open_page(PAGE, run=run.id)).replace("\\", "")


def test_what_was_on_a_cluster_can_go_on_here(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    run = run_in(workspace, digits, RunState.PAUSED, epochs=1)
    assert "Go on here" not in labels(open_page(PAGE, run=run.id))
    put_at(run, Place("head:6379"))
    no_exception(button(open_page(PAGE, run=run.id), "Go on here").click().run())
    assert launched == [run]
    assert place_of(run) is None


def test_pause_asks_the_worker_and_says_so(workspace: Workspace, digits: Dataset) -> None:
    with run_at_work(workspace, digits) as run:
        app = open_page(PAGE, run=run.id)
        assert "at the very batch" in button(app, "Pause").help
        assert "best epoch" in button(app, "Stop").help
        app = no_exception(button(app, "Pause").click().run())
        assert run.pause_file.exists()
        assert not run.stop_file.exists()
        assert button(app, "Pausing").disabled
        assert ": pausing]" in texts(app)
        app = no_exception(button(app, "Stop").click().run())
        assert run.stop_file.exists()
        assert not run.pause_file.exists()
        assert button(app, "Stopping").disabled
        assert button(app, "Pause").disabled


@pytest.mark.parametrize(
    ("status", "epochs", "words"),
    [
        ({"what": "training", "epoch": 3, "done": 12, "total": 48}, 2, "at batch 12 of 48 of epoch 3"),
        ({"what": "training", "epoch": 2, "done": 48, "total": 48}, 2, "after 2 finished epochs"),
        ({"what": "Decoding the pictures", "done": 5, "total": 9}, 0, "before its first batch"),
        ({}, 0, "before its first batch"),
    ],
)
def test_a_paused_run_says_where_and_goes_on(
    workspace: Workspace, digits: Dataset, launched: list[Run], status: dict, epochs: int, words: str
) -> None:
    run = run_in(workspace, digits, RunState.PAUSED, epochs=epochs, **status)
    assert ": paused]" in texts(open_page(PAGE))
    app = open_page(PAGE, run=run.id)
    assert words in texts(app)
    assert not app.error
    assert len(app.get("progress")) == 2
    assert {"Delete for good", "Go on"} <= set(labels(app))
    no_exception(button(app, "Go on").click().run())
    assert launched == [run]


def test_a_full_disk_pauses_with_what_to_do(workspace: Workspace, digits: Dataset) -> None:
    run = run_in(
        workspace, digits, RunState.PAUSED, message="The disk is full.", fix="Free some space.", epochs=1
    )
    app = open_page(PAGE, run=run.id)
    assert "The disk is full" in app.error[0].value
    assert "Free some space" in app.error[0].value
    assert "Go on" in labels(app)


@pytest.mark.parametrize("epochs", [0, 2])
def test_a_run_that_diverged_can_go_on_more_slowly(
    workspace: Workspace, digits: Dataset, launched: list[Run], epochs: int
) -> None:
    status = {"message": "The loss is no longer finite.", "fix": "Try less.", "cause": "LossNotFinite"}
    run = run_in(workspace, digits, RunState.FAILED, epochs=epochs, **status)
    rate = run.config()["training"]["learning_rate"]
    app = open_page(PAGE, run=run.id)
    assert "no longer finite" in app.error[0].value
    no_exception(button(app, SLOWER).click().run())
    assert run.config()["training"]["learning_rate"] == pytest.approx(rate / 10)
    assert launched == [run]


def lost_pictures_run(workspace: Workspace, digits: Dataset) -> tuple[Run, list[str]]:
    split = current_split(digits)
    keys = [digits.pictures[row].key for row in (*split.train[:4], split.valid[0])]
    run = run_in(workspace, digits, RunState.FAILED, message="Lost.", fix="Mend it.", cause="PicturesLost")
    write_json(run.lost_pictures_file, {"keys": keys})
    return run, keys


def test_lost_pictures_are_counted_named_and_left_out(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    run, keys = lost_pictures_run(workspace, digits)
    app = open_page(PAGE, run=run.id)
    said = texts(app).replace("\\", "")
    assert "Lost: 5 of 500 pictures (4 to learn from, 1 to validate on)" in said
    rows = [row for row, picture in enumerate(digits.pictures) if picture.key in keys]
    assert ", ".join(digits.pictures[row].name for row in rows[:3]) + " and 2 more" in said
    assert SLOWER not in labels(app)
    no_exception(button(app, "Go on without them").click().run())
    assert run.config()["without"] == keys
    assert launched == [run]


def test_lost_pictures_of_a_deleted_data_set_are_only_counted(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    run, _ = lost_pictures_run(workspace, digits)
    delete_dataset(workspace, digits.id)
    app = open_page(PAGE, run=run.id)
    assert "5 pictures can't be read" in texts(app)


@pytest.mark.parametrize("cause", ["", "OSError"])
def test_other_failures_offer_no_such_way_out(workspace: Workspace, digits: Dataset, cause: str) -> None:
    run = run_in(workspace, digits, RunState.FAILED, message="It broke.", fix="Mend it.", cause=cause)
    app = open_page(PAGE, run=run.id)
    assert not {SLOWER, "Go on without them"} & set(labels(app))
    assert "Try again" in labels(app)


def test_a_way_out_that_fails_says_why(workspace: Workspace, digits: Dataset, launched: list[Run]) -> None:
    run = run_in(workspace, digits, RunState.FAILED, message="Infinite.", fix="", cause="LossNotFinite")
    config = run.config()
    run.write_config({**config, "training": {**config["training"], "learning_rate": 1e-8}})
    app = no_exception(button(open_page(PAGE, run=run.id), SLOWER).click().run())
    assert any("learning rate" in error.value for error in app.error)
    assert launched == []
