"""Probabilities and runs whose scores are known, or can be."""

from pathlib import Path

import numpy as np

from core.models.saved_model import SavedModel, save_model_description
from core.records import to_json
from core.runs.store import Run, RunState, Status, create_run
from core.training.predictions import save_predictions
from core.workspace import Workspace
from tests.digits import SMALL_CNN, small_run


def random_probabilities(pictures: int, classes: int, seed: int, skill: float = 1.5) -> np.ndarray:
    """float32 (N, K) for labels that are `index % classes`; more `skill` makes more of them right."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(pictures, classes))
    logits[np.arange(pictures), labels_of(pictures, classes)] += skill
    shares = np.exp(logits)
    return (shares / shares.sum(1, keepdims=True)).astype(np.float32)


def labels_of(pictures: int, classes: int) -> np.ndarray:
    return np.arange(pictures) % classes


def right_on(right: np.ndarray, sure: float = 0.9) -> np.ndarray:
    """float32 (N, 2) for labels that are all 0: right where `right` (N,) says so."""
    return np.where(right[:, None], [[sure, 1 - sure]], [[1 - sure, sure]]).astype(np.float32)


def ended_run(
    workspace: Workspace,
    dataset,
    name: str,
    probabilities: np.ndarray,
    labels: np.ndarray,
    *,
    part: str = "test",
    rows: np.ndarray | None = None,
    seconds: float = 1.0,
    **config,
) -> Run:
    """A run that ended with these predictions, without any training."""
    settings = small_run(dataset)
    run = create_run(workspace.runs, {**to_json(settings), "name": name, **config}, name)
    run.write_status(Status(RunState.FINISHED, result={"parameters": 100}))
    classes = tuple(str(index) for index in range(probabilities.shape[1]))
    save_model_description(run.folder, SavedModel(SMALL_CNN, settings.preprocessing, classes, False))
    write_weights(run.folder)
    run.metrics_file.write_text(f'{{"epoch": 1, "seconds": {seconds}, "memory": 5000}}\n')
    save_predictions(
        run.folder, part, np.arange(len(labels)) if rows is None else rows, labels, probabilities
    )
    return run


def write_weights(folder: Path) -> None:
    (folder / "best.pt").write_bytes(bytes(1234))
