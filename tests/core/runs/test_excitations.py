"""Searches for what excites channels, as processes of their own and in this one."""

import time
from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.insight.excitation import excite, load_excitation, sample_of
from core.insight.places import map_places
from core.insight.reference import BEST, Source, SubjectRef, at_epoch
from core.insight.sources import open_subject
from core.records import to_json
from core.runs.excitations import ExcitationConfig, excitation_file, searches, start_excitation
from core.runs.store import Run, RunState, Status, create_run, list_runs
from core.runs.worker import work
from core.workspace import Workspace
from tests.digits import may_lose_pictures
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


@pytest.fixture
def config(workspace: Workspace, run: Run, digits: Dataset) -> ExcitationConfig:
    """Of the first pooling of a trained run."""
    ref = SubjectRef(Source.RUN, run.id, BEST)
    subject = open_subject(workspace, ref)
    row = next(place.row for place in map_places(subject.walk) if place.name == "pool1")
    return ExcitationConfig("What excites pool1", ref, subject.key, digits.id, row, 60)


def ended(run: Run) -> Status:
    deadline = time.monotonic() + 60
    while (status := run.status()).state.is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    return status


def in_this_process(workspace: Workspace, config: ExcitationConfig) -> Run:
    excitation_file(workspace, config).parent.mkdir(parents=True, exist_ok=True)
    run = create_run(searches(workspace), to_json(config), config.name)
    work(run)
    return run


@pytest.mark.slow
def test_a_search_in_a_process_of_its_own_leaves_its_result(
    workspace: Workspace, config: ExcitationConfig, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start_excitation(workspace, config)
    status = ended(job)
    assert status.state is RunState.FINISHED, job.log()
    assert (status.done, status.total, status.what) == (60, 60, "looking at the pictures")
    found = load_excitation(excitation_file(workspace, config))
    subject = open_subject(workspace, config.subject)
    expected = excite(subject, digits, sample_of(digits, 60), config.row)
    assert found.seen == 60
    assert np.array_equal(found.pictures, expected.pictures)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-5)
    assert list_runs(workspace.runs) == [Run(workspace.runs / config.subject.id)]

    monkeypatch.setattr("core.runs.side_jobs.launch", lambda run: None)
    again = start_excitation(workspace, replace(config, most=100_000))
    assert list_runs(searches(workspace)) == [again]
    assert excitation_file(workspace, config).exists()


def test_a_stopped_search_leaves_no_result(workspace: Workspace, config: ExcitationConfig) -> None:
    run = create_run(searches(workspace), to_json(config), config.name)
    run.stop_file.touch()
    work(run)
    assert run.status().state is RunState.STOPPED
    assert not excitation_file(workspace, config).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other weights"},
        {"dataset_id": "other pictures"},
        {"row": 0},
        {"most": 61},
    ],
)
def test_another_search_has_another_file(
    workspace: Workspace, config: ExcitationConfig, change: dict
) -> None:
    file = excitation_file(workspace, config)
    assert excitation_file(workspace, replace(config, **change)) != file
    assert excitation_file(workspace, replace(config, name="renamed")) == file
    assert file.is_relative_to(workspace.caches)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"subject": SubjectRef(Source.RUN, "gone", BEST)}, "RunError"),
        ({"subject": SubjectRef(Source.BACKBONE, "resnet19", BEST)}, "ConfigError"),
        ({"dataset_id": "gone"}, "DatasetError"),
    ],
)
def test_what_is_gone_is_named(
    workspace: Workspace, config: ExcitationConfig, change: dict, cause: str
) -> None:
    status = in_this_process(workspace, replace(config, **change)).status()
    assert (status.state, status.cause) == (RunState.FAILED, cause)
    assert status.message
    assert status.fix
    assert list((workspace.caches / "excitations").iterdir()) == []


def test_weights_that_are_gone_are_named(workspace: Workspace, config: ExcitationConfig) -> None:
    ref = replace(config.subject, weights=at_epoch(77))
    status = in_this_process(workspace, replace(config, subject=ref)).status()
    assert (status.state, status.cause) == (RunState.FAILED, "ModelFileError")
    assert "epoch-00077" in status.message


def test_damaged_pictures_are_passed_over(
    workspace: Workspace, config: ExcitationConfig, digits: Dataset
) -> None:
    may_lose_pictures(digits)
    lost = sample_of(digits, 60)[:5]
    for index, content in zip(lost, (b"", b"no picture", b"\x89PNG\r\n", b"GIF89a", None), strict=True):
        path = digits.path(digits.pictures[index])
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    assert in_this_process(workspace, config).status().state is RunState.FINISHED
    found = load_excitation(excitation_file(workspace, config))
    assert found.seen == 55
    assert not np.isin(found.pictures, lost).any()
