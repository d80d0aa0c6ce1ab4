"""The export of a run as it lies in the run's folder, and what its check has found. No torch."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.records import from_json
from core.runs.store import Run
from core.workspace import read_json

FOLDER, REPORT = "export", "report.json"
MOST_DIFFERENCE = 1e-3  # of a probability


@dataclass(frozen=True)
class CheckedForm:
    """A file that holds the model, and the `script` that runs it ("" for weights that were compared bit for
    bit); `size` in bytes. Against the app, over all pictures: the greatest `difference` of a probability, and
    for how many the most probable class `changed`.
    """

    file: str
    script: str
    size: int
    difference: float
    changed: int


@dataclass(frozen=True)
class ExportReport:
    """`file` lies beside the report; `size` in bytes. It was checked on `pictures` of the `part` "test" or
    "valid". `left_out` says why there is no ONNX file, `written` when the weights and their description were.
    """

    file: str
    size: int
    sha256: str
    forms: tuple[CheckedForm, ...]
    pictures: int
    part: str
    temperature: float
    made: float
    written: tuple[int, int]
    left_out: str = ""


def export_folder(run: Run) -> Path:
    return run.folder / FOLDER


def export_of(run: Run) -> ExportReport | None:
    """The finished export; None before there is one, and once the model is another."""
    with contextlib.suppress(OSError, ValueError, ConfigError):
        report = from_json(ExportReport, read_json(export_folder(run) / REPORT))
        file = export_folder(run) / report.file
        whole = file.parent == export_folder(run) and file.stat().st_size == report.size
        if whole and report.written == written_of(run):
            return report
    return None


def written_of(run: Run) -> tuple[int, int]:
    """What changes when the model does: the moments, in ns, at which best.pt and model.json were written."""
    weights, description = (
        path.stat().st_mtime_ns if path.exists() else 0
        for path in (run.folder / "best.pt", run.folder / "model.json")
    )
    return weights, description
