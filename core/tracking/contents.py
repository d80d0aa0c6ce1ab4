"""What MLflow gets of a run: parameters, tags, curves, files. Read from its folder; no MLflow, no torch.

No picture is among it.
"""

import hashlib
import math
import platform
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.dataset import load_dataset
from core.errors import ModelFileError, WorkbenchError
from core.runs.store import Run, RunState, Status
from core.tracking.cursor import Cursor
from core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]
KINDS = ("train-cnn", "fine-tune", "features")
LONGEST = 500  # characters of a value
FILES = ("config.json", "model.json", "best.pt", "facts.json")
CURVES, CONFUSION = "figures/curves.svg", "figures/confusion-{}.svg"
_NOT_PARAMETERS = {"name", "kind"}


@dataclass(frozen=True)
class DataIdentity:
    """What a run learned from; `sha256` is over the content and the label of every picture, in order."""

    name: str
    sha256: str


def parameters(config: dict[str, Any]) -> dict[str, str]:
    """The settings in flat names, such as `training.learning_rate` or `cnn.blocks.0.filters`."""
    flat: dict[str, str] = {}
    for name, value in config.items():
        if name not in _NOT_PARAMETERS:
            _flatten(name, value, flat)
    return flat


def _flatten(name: str, value: Any, into: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(f"{name}.{key}", inner, into)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for place, inner in enumerate(value):
            _flatten(f"{name}.{place}", inner, into)
    else:
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        into[name] = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def tags(run: Run, data: DataIdentity | None) -> dict[str, str]:
    """What tells the run from others: its id, kind and machine, the app's version, the data's hash."""
    named = {
        "workbench.run_id": run.id,
        "workbench.kind": str(run.config().get("kind")),
        "workbench.version": app_version(),
        "workbench.host": platform.node(),
    }
    if data is not None:
        named["workbench.data_sha256"] = data.sha256
    if (trial := run.trial_of()) is not None:
        named |= {"workbench.study": trial.study_id, "workbench.trial": str(trial.number)}
    return named


def app_version() -> str:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def data_identity(workspace: Workspace, dataset_id: str) -> DataIdentity | None:
    """The data set's name and hash; None where it is gone."""
    with suppress(WorkbenchError):
        dataset = load_dataset(workspace, dataset_id)
        lines = (f"{picture.key} {picture.label}\n" for picture in dataset.pictures)
        return DataIdentity(dataset.name, hashlib.sha256("".join(lines).encode()).hexdigest())
    return None


def epoch_metrics(record: dict[str, Any]) -> dict[str, float]:
    """The finite numbers of one finished epoch by their names; `phases` as `seconds.<phase>`."""
    phases = record.get("phases")
    named = {name: value for name, value in record.items() if name not in ("epoch", "phases")}
    if isinstance(phases, dict):
        named |= {f"seconds.{name}": value for name, value in phases.items()}
    return {name: float(value) for name, value in named.items() if _is_number(value)}


def epoch_times(records: list[dict[str, Any]], began: float) -> list[int]:
    """The end of each epoch in milliseconds since 1970, as if the run had never paused: the same numbers
    whenever they are asked for, so that what is sent twice is kept once."""
    times, seconds = [], 0.0
    for record in records:
        seconds += float(record["seconds"]) if _is_number(record.get("seconds")) else 0.0
        times.append(round(1000 * (began + seconds)))
    return times


def result_metrics(status: Status) -> dict[str, float]:
    """What came out, by the names `best_accuracy`, `test_accuracy` and so on."""
    return {name: float(value) for name, value in status.result.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def drawings(run: Run) -> Iterator[tuple[str, str]]:
    """Names and SVG of the curves, and of a confusion matrix a part."""
    from core.figures.run_svg import confusion_svg, curves_svg
    from core.training.metrics import confusion_matrix
    from core.training.predictions import load_predictions

    if records := run.metrics():
        yield CURVES, curves_svg(records)
    classes = [str(name) for name in run.config().get("classes", [])]
    for part in ("valid", "test"):
        with suppress(ModelFileError):
            predictions = load_predictions(run.folder, part)
            if predictions is not None and classes:
                matrix = confusion_matrix(predictions.targets, predictions.predicted, len(classes))
                yield CONFUSION.format(part), confusion_svg(matrix, classes)


def fingerprint(path: Path) -> str:
    """Changes whenever the file does."""
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def waiting_files(run: Run, cursor: Cursor) -> list[str]:
    """The files of a run at rest that have not been sent as they are."""
    return [
        name
        for name in FILES
        if (run.folder / name).is_file() and cursor.files.get(name) != fingerprint(run.folder / name)
    ]


def ending(status: Status) -> str:
    """The state and the time of a run's end; empty while it is at work or paused."""
    at_rest = not status.state.is_active and status.state is not RunState.PAUSED
    return f"{status.state} {status.finished or status.heartbeat}" if at_rest else ""


def waiting(run: Run, cursor: Cursor) -> int:
    """How many records of `run` are still to be sent: its description, epochs, and at its end the files
    and the end itself."""
    status = run.status()
    count = (not cursor.described) + max(0, len(run.metrics()) - cursor.epochs)
    end = ending(status)
    if end:
        count += len(waiting_files(run, cursor)) + (cursor.ending != end)
    return count
