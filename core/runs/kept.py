"""What a run leaves in its folder: each file with its size and what it is for."""

from dataclasses import dataclass
from pathlib import Path

from core.runs.store import Run
from core.training.snapshots import snapshots_in

PURPOSES = {
    "best.pt": "Weights of the best epoch, a state dict: Predict uses them, a new run can start from them",
    "last.pt": "All that going on needs: weights, optimizer, finished epochs, and the batch within an epoch",
    "previous.pt": "The checkpoint before that one, in case the disk damages it",
    "damaged.pt": "A checkpoint that could not be read any more: it can be deleted",
    "start.pt": "Weights that this run began with",
    "snapshots": "Weights of single epochs",
    "frozen.json": "In which numbers the frozen part of a backbone was computed, and where it was cut",
    "predictions-valid.npz": "What the best weights say of every validation picture",
    "predictions-test.npz": "What the best weights say of every test picture",
    "calibration.json": "The temperature that makes its probabilities honest, by the validation pictures",
    "familiarity.npz": "Features of training pictures: Predict tells by them what is none of the classes",
    "map.npz": "The places of the pictures on the map of their features",
    "export": "Its model as a zip to take along, as it was exported and checked",
    "model.json": "The network, its picture settings and its classes, to use the weights with",
    "tracking.json": "What of the run has been sent to MLflow",
    "trial.json": "Of which study this run is a trial",
    "config.json": "All settings: with them the same run can be started anew",
    "metrics.jsonl": "The numbers of every finished epoch, a line of JSON each",
    "tensorboard": "The same numbers as TensorBoard's event files",
    "facts.json": "How this machine runs it: device, numbers, layout, what was measured",
    "log.txt": "What the process said",
}


@dataclass(frozen=True)
class Kept:
    """One file or folder of a run, `size` in bytes; `files` is 1 for a file."""

    name: str
    size: int
    purpose: str
    files: int = 1


def kept_by(run: Run) -> list[Kept]:
    """What is there now, in the order of `PURPOSES`."""
    kept = (_kept(run.folder / name, purpose) for name, purpose in PURPOSES.items())
    return [each for each in kept if each is not None]


def _kept(path: Path, purpose: str) -> Kept | None:
    if path.name == "snapshots":
        files = list(snapshots_in(path.parent).values())
    else:
        files = [each for each in path.iterdir() if each.is_file()] if path.is_dir() else [path]
    sizes = [size for each in files if (size := _size(each)) is not None]
    return Kept(path.name, sum(sizes), purpose, len(sizes)) if sizes else None


def _size(path: Path) -> int | None:
    """Bytes; None where there is no such file, or no longer."""
    try:
        return path.stat().st_size
    except OSError:
        return None
