"""Sets of pictures to predict: many of them are a job of their own, a few are predicted by the page itself.

No torch.
"""

import contextlib
import shutil
import time
from collections.abc import Sequence
from typing import BinaryIO

from core.data.incoming import check_room
from core.errors import ImportRefused, RunError
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import (
    LEFTOVER_AGE,
    Run,
    RunState,
    Status,
    create_run,
    delete_run,
    is_active,
    list_runs,
)
from core.serving.prediction_set import PICTURES, ZIP, Asked, PredictConfig, stage_files
from core.workspace import Workspace, new_id

KEPT_DAYS = 7
QUICK = 64  # pictures that the page predicts by itself
QUICK_ZIP = 20_000_000  # bytes
_INCOMING = ".incoming-"
_BLOCK = 1 << 20

Upload = tuple[str, BinaryIO]  # the client's name, and the stream


def create_set(workspace: Workspace, name: str, uploads: Sequence[Upload], *, packed: bool = False) -> Run:
    """A new set of these files, or of what is `packed` in the only one, a zip; nobody is asked about it yet.

    Raises:
        ImportRefused: there is no file, there are too many, or the disk is full.
    """
    staged = workspace.predictions / f"{_INCOMING}{new_id(name)}"
    try:
        staged.mkdir(parents=True)
        check_room(staged, sum(_size(stream) for _, stream in uploads))
        if packed:
            with (staged / ZIP).open("wb") as file:
                shutil.copyfileobj(uploads[0][1], file, _BLOCK)
        else:
            stage_files(staged, uploads)
        run = create_run(workspace.predictions, to_json(PredictConfig(name, ())), name)
        part = ZIP if packed else PICTURES
        (staged / part).rename(run.folder / part)
        mark_done(run)  # nobody is at work on it
    except OSError as failure:
        raise ImportRefused(
            f"The pictures could not be stored: {failure.strerror or failure}.",
            fix="Free some space on the disk.",
        ) from failure
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return run


def ask(run: Run, asked: Sequence[Asked]) -> None:
    """Have models predict the set in a process of its own.

    Raises:
        RunError: one is at work on it, or the process can't be started.
    """
    run.write_config({**run.config(), "asked": to_json(list(asked))})
    launch(run)


def mark_done(run: Run) -> None:
    """Note that no job is at work on the set, and none has to be."""
    run.write_status(Status(RunState.FINISHED, finished=time.time()))


def prediction_sets(workspace: Workspace) -> list[Run]:
    """All sets that can be read, newest first."""
    return [run for run in list_runs(workspace.predictions) if _is_readable(run)]


def tidy_sets(workspace: Workspace) -> None:
    """Delete the sets that were made more than `KEPT_DAYS` days ago, and what a crash has left of others."""
    for run in list_runs(workspace.predictions):
        with contextlib.suppress(RunError, OSError):
            age = time.time() - (run.folder / "config.json").stat().st_mtime
            if age > KEPT_DAYS * 24 * 3600 and not is_active(run):
                delete_run(run)
    for leftover in workspace.predictions.glob(f"{_INCOMING}*"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                shutil.rmtree(leftover, ignore_errors=True)


def _is_readable(run: Run) -> bool:
    with contextlib.suppress(RunError):
        return isinstance(run.config().get("name"), str)
    return False


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size
