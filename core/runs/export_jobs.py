"""The export of a run's model as a job of its own; what it makes stays in the run's folder. No torch."""

from dataclasses import dataclass
from pathlib import Path

from core.limits import check_range
from core.records import to_json
from core.runs.side_jobs import start_side_job
from core.runs.store import Run, list_runs

KIND = "export"
PICTURES, MOST_PICTURES = 20, 1000  # that an export is checked on


@dataclass(frozen=True)
class ExportConfig:
    """Export the run whose folder the job lies in, and check that on so many `pictures`."""

    name: str
    pictures: int = PICTURES
    kind: str = KIND

    def __post_init__(self) -> None:
        check_range("number of pictures", self.pictures, 1, MOST_PICTURES)


def start_export(run: Run, pictures: int) -> Run:
    """Export `run` in a process of its own.

    Raises:
        RunError: the process can't be started, as on a full disk.
    """
    before = last_export(run)
    if before is not None and before.status().state.is_active:
        return before
    config = ExportConfig(f"Export {run.name}", pictures)
    return start_side_job(_jobs(run), to_json(config), KIND)


def last_export(run: Run) -> Run | None:
    """The newest such job, at work or ended."""
    return next(iter(list_runs(_jobs(run))), None)


def _jobs(run: Run) -> Path:
    return run.folder / "export-jobs"
