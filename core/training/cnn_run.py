"""One CNN run from its settings to its results: pixels, model, loop, predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.data.dataset import Dataset, load_dataset
from core.data.pixel_cache import open_pixel_cache
from core.data.splitting import Split, check_trainable, load_split
from core.errors import DatasetError
from core.models.cnn import build_cnn
from core.models.cnn_walk import walk
from core.models.saved_model import SavedModel, save_model_description
from core.training.batch_norm import check_batch_norm
from core.training.batches import Batcher, LabeledPictures
from core.training.checkpoint import CheckpointFolder
from core.training.config import CnnRunConfig, Loss
from core.training.evaluation import predict_probabilities
from core.training.loop import EpochRecord, Hooks, Outcome, train
from core.training.memory import check_memory
from core.training.objective import Objective, make_objective
from core.training.predictions import save_predictions
from core.workspace import Workspace

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class CnnRunResult:
    """The model with its best weights, and the record of that epoch; both None if no epoch was finished."""

    outcome: Outcome
    best: EpochRecord | None
    test_accuracy: float | None
    model: nn.Module | None


@dataclass(frozen=True)
class RunData:
    """The pictures of a run, by split."""

    dataset: Dataset
    split: Split
    train: LabeledPictures
    valid: LabeledPictures
    test: LabeledPictures


def train_cnn(
    workspace: Workspace,
    config: CnnRunConfig,
    folder: Path,
    *,
    device: str = "cpu",
    hooks: Hooks | None = None,
    on_progress: Progress = lambda done, total, what: None,
) -> CnnRunResult:
    """Train the CNN of `config` and leave checkpoints, `model.json` and `predictions.npz` in `folder`.

    Goes on from `folder/last.pt` where there is one. `on_progress(done, total, what)` tells of the
    decoding before the first epoch.

    Raises:
        DatasetError: the data set or its split is gone or has changed.
        LayerError: the network can't be built for this picture size.
        ConfigError: there is nothing to train on, batch norm can't learn, or it doesn't fit into the memory.
        LossNotFinite: training diverged; what was good is kept.
    """
    hooks = hooks or Hooks()
    data = open_run_data(workspace, config, on_progress=on_progress, should_stop=hooks.should_stop)
    target = torch.device(device)
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)
    check_batch_norm(network, config.training, len(data.train))
    if target.type == "cpu" and network.error is None:
        check_memory(network, config.training)
    torch.manual_seed(config.training.seed)
    model = build_cnn(config.cnn, config.preprocessing.shape, config.outputs).to(target)
    batcher = Batcher(config.preprocessing, target)
    objective = make_objective(config.training, data.train.labels, len(config.classes), target)
    checkpoints = CheckpointFolder(folder)
    single_logit = config.training.loss is Loss.SINGLE_LOGIT
    save_model_description(folder, SavedModel(config.cnn, config.preprocessing, config.classes, single_logit))
    outcome = train(
        model,
        data.train,
        data.valid,
        config.training,
        config.augmentation,
        batcher=batcher,
        objective=objective,
        checkpoints=checkpoints,
        hooks=hooks,
    )
    if not outcome.history:
        return CnnRunResult(outcome, None, None, None)
    on_progress(0, 1, "predicting every validation picture with the best weights")
    model.load_state_dict(checkpoints.load_best())
    test_accuracy = _save_best_predictions(model, data, batcher, objective, folder)
    best = [record for record in outcome.history if record.is_best][-1]
    return CnnRunResult(outcome, best, test_accuracy, model.eval())


def open_run_data(
    workspace: Workspace,
    config: CnnRunConfig,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunData:
    """The pictures of a run, decoded once into the pixel cache.

    Raises:
        DatasetError: the data set is not the one that the run was made for.
        ConfigError: there is nothing to train or to validate on.
        Cancelled: stopped while decoding.
    """
    dataset = load_dataset(workspace, config.dataset_id)
    if dataset.classes != config.classes:
        raise DatasetError(
            f"The classes of data set {dataset.name} have changed since this run was made.",
            expected=", ".join(config.classes),
            found=", ".join(dataset.classes),
            fix="Start a new run.",
        )
    split = load_split(dataset, config.split_id)
    check_trainable(split)
    pixels = open_pixel_cache(
        workspace, dataset, config.preprocessing, on_progress=on_progress, should_stop=should_stop
    ).pixels
    labels = np.asarray(dataset.labels(), dtype=np.int64)

    def pictures(rows: tuple[int, ...]) -> LabeledPictures:
        chosen = np.asarray(rows, dtype=np.int64)
        return LabeledPictures(pixels, chosen, labels[chosen])

    return RunData(dataset, split, pictures(split.train), pictures(split.valid), pictures(split.test))


def _save_best_predictions(
    model: nn.Module, data: RunData, batcher: Batcher, objective: Objective, folder: Path
) -> float | None:
    valid = predict_probabilities(model, data.valid, batcher, objective)
    save_predictions(folder, "valid", data.valid.rows, data.valid.labels, valid)
    if not len(data.test):
        return None
    test = predict_probabilities(model, data.test, batcher, objective)
    save_predictions(folder, "test", data.test.rows, data.test.labels, test)
    return float((test.argmax(1) == data.test.labels).mean())
