import time
from collections.abc import Iterator

import pytest

import core.runs.reporter as reporting
from core.runs.reporter import Reporter
from core.runs.store import RESERVE, Run, RunState, create_run
from core.workspace import Workspace, write_json
from tests.core.runs.tiny_disk import filled, tiny_disk


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace.runs, {"name": "Told"}, "Told")


@pytest.fixture
def run_on_tiny_disk(workspace: Workspace) -> Iterator[Run]:
    with tiny_disk(workspace.runs, 1):
        yield create_run(workspace.runs, {"name": "Told"}, "Told")


def test_the_last_word_is_on_disk_when_it_is_closed(run: Run) -> None:
    reporter = Reporter(run)
    reporter.update(epoch=3, what="training")
    reporter.close(RunState.FINISHED, result={"best_epoch": 2})
    status = run.status()
    assert (status.state, status.epoch, status.result) == (RunState.FINISHED, 3, {"best_epoch": 2})
    assert sorted(path.name for path in run.folder.iterdir()) == ["config.json", "status.json"]


@pytest.mark.parametrize("message", ["The disk is full.", "The disk is full. " * 2000])
def test_the_last_word_finds_room_where_nothing_else_does(run_on_tiny_disk: Run, message: str) -> None:
    run = run_on_tiny_disk
    reporter = Reporter(run)
    with filled(run.folder.parent):
        with pytest.raises(OSError, match="No space left"):
            write_json(run.folder / "other.json", {})
        reporter.close(RunState.PAUSED, message=message, fix="Free some space.")
        status = run.status()
        assert (status.state, status.message, status.fix) == (RunState.PAUSED, message, "Free some space.")
        assert status.finished is not None
        assert sorted(path.name for path in run.folder.iterdir()) == ["config.json", "status.json"]


def test_a_worker_has_the_room_for_its_last_word_from_the_start(run: Run) -> None:
    reporter = Reporter(run)
    [reserve] = run.folder.glob(".status.reserve")
    assert reserve.stat().st_size == RESERVE
    assert reserve.stat().st_blocks * 512 >= RESERVE  # really there, and not a hole
    reporter.close(RunState.FINISHED)


def test_what_could_not_be_written_is_written_once_there_is_room_again(
    run_on_tiny_disk: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the log that would tell of it is on the same disk."""
    run, told = run_on_tiny_disk, []

    def no_room(*arguments: object, **named: object) -> None:
        told.append(arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reporting, "FLUSH_EVERY", 0.02)
    monkeypatch.setattr("builtins.print", no_room)
    reporter = Reporter(run)
    deadline = time.monotonic() + 20
    with filled(run.folder.parent):
        reporter.update(epoch=7)
        while len(told) < 2 and time.monotonic() < deadline:
            reporter.update(what="training")
            time.sleep(0.02)
    assert len(told) >= 2
    assert run.status().epoch == 0
    reporter.update(epoch=8)
    while run.status().epoch != 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert run.status().epoch == 8
    reporter.close(RunState.STOPPED)


def test_facts_are_added_to_those_told_before(run: Run) -> None:
    reporter = Reporter(run)
    reporter.add_facts({"device": "cpu", "piece": 32})
    reporter.add_facts({"piece": 16})
    assert run.facts() == {"device": "cpu", "piece": 16}
    reporter.close(RunState.FINISHED)


def test_a_pause_is_heard_and_told_once(run: Run) -> None:
    reporter = Reporter(run)
    assert not reporter.should_pause()
    run.pause_file.touch()
    assert reporter.should_pause()
    assert reporter.status.stop_heard
    reporter.close(RunState.PAUSED)
    assert not run.pause_file.exists()
    assert run.status().state is RunState.PAUSED
