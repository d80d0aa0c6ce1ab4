"""The export of a run as it lies in the run's folder, and what its check has found. No torch."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.models.saved_model import MODEL_FILE
from core.records import from_json
from core.runs.store import Run
from core.serving.calibration import written_of
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
    "valid". `left_out` says why there is no ONNX file, `written` when what it was made of was.
    """

    file: str
    size: int
    sha256: str
    forms: tuple[CheckedForm, ...]
    pictures: int
    part: str
    temperature: float
    made: float
    written: tuple[int, ...]
    left_out: str = ""


def export_folder(run: Run) -> Path:
    return run.folder / FOLDER


def export_of(run: Run) -> ExportReport | None:
    """The finished export; None before there is one, and once the model is another."""
    with contextlib.suppress(OSError, ValueError, ConfigError):
        report = from_json(ExportReport, read_json(export_folder(run) / REPORT))
        file = export_folder(run) / report.file
        whole = file.parent == export_folder(run) and file.stat().st_size == report.size
        if whole and report.written == exported_state(run):
            return report
    return None


def exported_state(run: Run) -> tuple[int, ...]:
    """What changes when the model does: when weights, validation predictions and model.json were written."""
    description = run.folder / MODEL_FILE
    return (*written_of(run), description.stat().st_mtime_ns if description.exists() else 0)
