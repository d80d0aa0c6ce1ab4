"""What a run cost and what its model costs to use: time, parameters, bytes. No torch."""

import contextlib
from dataclasses import dataclass
from typing import Any

from core.errors import ModelFileError
from core.models.saved_model import SavedFeatures, SavedModel, load_model_description
from core.runs.store import Run
from core.workspace import read_json, write_json

PICTURE_TIME_FILE = "picture_time.json"


@dataclass(frozen=True)
class Costs:
    """Each is None where the run doesn't tell.

    `seconds` to train: all epochs with their validation, and what was computed once before them; of which
    `found` times what a frozen backbone makes of a picture was on the disk already, and took no time.
    `picture_seconds` to predict one picture; `size` of `best.pt` and `memory`, the most taken, in bytes.
    """

    seconds: float | None = None
    picture_seconds: float | None = None
    trainable: int | None = None
    parameters: int | None = None
    size: int | None = None
    memory: int | None = None
    found: int | None = None


def costs_of(run: Run) -> Costs:
    """What the files of a finished run tell.

    Raises:
        RunError: its settings or its status can't be read.
    """
    records, facts = run.metrics(), run.facts()
    frozen = facts.get("frozen")
    frozen = frozen if isinstance(frozen, dict) else {}
    parameters = _whole(run.status().result.get("parameters"))
    epochs = _numbers(records, "seconds")
    return Costs(
        sum(epochs) + (_number(frozen.get("seconds")) or 0.0) if epochs else None,
        picture_seconds(run),
        _trainable(run, parameters, facts),
        parameters,
        _size(run),
        max(map(int, _numbers(records, "memory")), default=None),
        _found(facts, frozen),
    )


def picture_seconds(run: Run) -> float | None:
    """What one picture takes, as it was measured for this run's weights; None before that."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        measured = read_json(run.folder / PICTURE_TIME_FILE)
        if measured.get("weights") == _written(run):
            return _number(measured.get("seconds"))
    return None


def keep_picture_seconds(run: Run, seconds: float) -> None:
    """Keep a measurement with the run, for the weights that it has now."""
    write_json(run.folder / PICTURE_TIME_FILE, {"seconds": seconds, "weights": _written(run)})


def _trainable(run: Run, parameters: int | None, facts: dict[str, Any]) -> int | None:
    """Parameters that learned from these pictures: all of a CNN, none of a frozen backbone."""
    with contextlib.suppress(ModelFileError):
        saved = load_model_description(run.folder)
        if isinstance(saved, SavedModel):
            return parameters
        if isinstance(saved, SavedFeatures):
            return (saved.features + 1) * saved.outputs
    return _whole(facts.get("trainable"))


def _found(facts: dict[str, Any], frozen: dict[str, Any]) -> int | None:
    """Of features, and of what the frozen part of a fine-tuned network puts out."""
    rows, computed = _whole(frozen.get("rows")), _whole(frozen.get("computed"))
    if rows is not None and computed is not None:
        return rows - computed
    return _whole(facts.get("found"))


def _written(run: Run) -> int:
    return (run.folder / "best.pt").stat().st_mtime_ns


def _size(run: Run) -> int | None:
    with contextlib.suppress(OSError):
        return (run.folder / "best.pt").stat().st_size
    return None


def _numbers(records: list[dict[str, Any]], key: str) -> list[float]:
    found = (_number(record.get(key)) for record in records)
    return [number for number in found if number is not None]


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
