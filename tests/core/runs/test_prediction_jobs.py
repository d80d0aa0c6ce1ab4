import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.dataset import Dataset
from core.errors import ImportRefused
from core.models.source import Source, key_of
from core.records import to_json
from core.runs.launcher import request_stop
from core.runs.prediction_jobs import KEPT_DAYS, ask, create_set, prediction_sets, tidy_sets
from core.runs.store import Run, RunState
from core.runs.worker import work
from core.serving.model_sources import stamp_of
from core.serving.prediction import load_predictor
from core.serving.prediction_set import Asked, load_answers, names_of
from core.workspace import Workspace
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


def digits_of(dataset: Dataset, rows: range) -> list[tuple[str, io.BytesIO]]:
    pictures = [dataset.pictures[row] for row in rows]
    return [(each.name, io.BytesIO(dataset.path(each).read_bytes())) for each in pictures]


def questions(workspace: Workspace, run: Run, **settings) -> Asked:
    key = key_of(Source.RUN, run.id)
    return Asked(key, stamp_of(workspace, key), **settings)


def asked_set(workspace: Workspace, dataset: Dataset, *questions: Asked, rows: range = range(9)) -> Run:
    pictures = create_set(workspace, "Mine", digits_of(dataset, rows))
    pictures.write_config({**pictures.config(), "asked": to_json(list(questions))})
    return pictures


def test_a_new_set_is_at_rest_and_holds_the_pictures(workspace: Workspace, digits: Dataset) -> None:
    pictures = create_set(workspace, "Mine", digits_of(digits, range(3)))
    assert pictures.status().state is RunState.FINISHED
    assert names_of(pictures.folder) == [each.name for each in digits.pictures[:3]]
    assert [each.id for each in prediction_sets(workspace)] == [pictures.id]
    assert len(list(workspace.predictions.iterdir())) == 1


@pytest.mark.parametrize("files", [[], [("Thumbs.db", io.BytesIO(b"x"))]])
def test_a_set_of_nothing_is_refused_and_leaves_nothing(workspace: Workspace, files: list) -> None:
    with pytest.raises(ImportRefused):
        create_set(workspace, "Mine", files)
    assert not list(workspace.predictions.iterdir())


def test_the_job_asks_what_was_not_answered(workspace: Workspace, run: Run, digits: Dataset) -> None:
    plain, distant = questions(workspace, run), questions(workspace, run, distances=True)
    pictures = asked_set(workspace, digits, plain, distant)
    assert work(pictures) == 0
    predictor = load_predictor(run)
    expected = predictor.predict([predictor.read(digits.path(each)) for each in digits.pictures[:9]])
    first, second = (load_answers(pictures.folder, asked) for asked in (plain, distant))
    assert np.allclose(first.probabilities, expected, atol=1e-6)
    assert np.allclose(second.probabilities, expected, atol=1e-6)
    assert first.distances is None
    assert len(second.distances) == 9
    kept = {file: file.stat().st_mtime_ns for file in pictures.folder.glob("answers-*")}
    assert work(pictures) == 0
    assert {file: file.stat().st_mtime_ns for file in pictures.folder.glob("answers-*")} == kept


def test_a_model_that_is_gone_fails_with_its_reason(workspace: Workspace, run: Run, digits: Dataset) -> None:
    pictures = asked_set(workspace, digits, Asked("run.20200101-000000-gone", "1"))
    assert work(pictures) == 1
    assert "no run" in pictures.status().message


def test_a_model_that_has_changed_meanwhile_answers_as_what_it_is(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    before = questions(workspace, run)
    pictures = asked_set(workspace, digits, before)
    (run.folder / "best.pt").touch()
    assert work(pictures) == 0
    assert load_answers(pictures.folder, before) is None
    assert load_answers(pictures.folder, questions(workspace, run)) is not None


@pytest.mark.slow
def test_a_job_at_work_hears_a_stop_and_keeps_no_answers(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    large = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(large, "PNG")  # a small file that takes long to read
    files = [(f"{n}.png", io.BytesIO(large.getvalue())) for n in range(60)]
    pictures = create_set(workspace, "Mine", files)
    asked = questions(workspace, run)
    ask(pictures, [asked])
    deadline = time.monotonic() + 60
    while pictures.status().what != "predicting" and time.monotonic() < deadline:
        time.sleep(0.05)
    request_stop(pictures)
    while pictures.status().state.is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pictures.status().state is RunState.STOPPED
    assert load_answers(pictures.folder, asked) is None


def test_old_sets_are_tidied_away(workspace: Workspace, digits: Dataset) -> None:
    old, new = (create_set(workspace, name, digits_of(digits, range(1))) for name in ("Old", "New"))
    past = time.time() - (KEPT_DAYS * 24 + 1) * 3600
    os.utime(Path(old.folder) / "config.json", (past, past))
    (crashed := workspace.predictions / ".incoming-x").mkdir()
    os.utime(crashed, (past, past))
    tidy_sets(workspace)
    assert [each.name for each in workspace.predictions.iterdir()] == [new.id]
