"""Measuring what one picture takes each of several models, as a job that waits for the device. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.records import to_json
from core.runs.side_jobs import start_side_job
from core.runs.store import Run, list_runs
from core.workspace import Workspace

KIND = "picture-times"
PICTURES = 20  # that each model is measured on


@dataclass(frozen=True)
class PictureTimesConfig:
    """`runs` are ids of finished runs on one data set."""

    name: str
    runs: tuple[str, ...]
    kind: str = KIND


def start_picture_times(workspace: Workspace, run_ids: Sequence[str]) -> Run:
    """Measure these runs, one after the other, in a process of its own.

    Raises:
        RunError: the process can't be started, as on a full disk.
    """
    config = PictureTimesConfig("Time a picture", tuple(run_ids))
    return start_side_job(workspace.caches / KIND, to_json(config), KIND)


def last_picture_times(workspace: Workspace) -> Run | None:
    """The newest such job, at work or ended."""
    return next(iter(list_runs(workspace.caches / KIND)), None)
