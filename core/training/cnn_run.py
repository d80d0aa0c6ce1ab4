"""One CNN run from its settings to its results: pixels, model, loop, predictions."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from core.data.augmentation_config import Augmentation
from core.data.parallel import Progress
from core.models.cnn import build_cnn
from core.models.cnn_walk import walk
from core.models.saved_model import SavedModel, save_model_description
from core.training.allocator import keep_freed_memory
from core.training.batch_norm import check_batch_norm
from core.training.batches import Batcher, Batches
from core.training.calibration import calibrate
from core.training.checkpoint import CheckpointFolder, load_tensors
from core.training.config import CnnRunConfig, Loss, TrainingConfig
from core.training.divergence import LossNotFinite
from core.training.evaluation import predict_probabilities
from core.training.execution import Execution
from core.training.history import EpochRecord, Hooks, Outcome
from core.training.kernels import layout
from core.training.loop import train
from core.training.measured import calibration_file
from core.training.memory import piece_for_this_worker
from core.training.objective import Objective, make_objective
from core.training.optimization import skip_the_compiler
from core.training.plan import Plan
from core.training.predictions import save_predictions
from core.training.resumption import saved_execution
from core.training.run_data import RunData, open_run_data
from core.training.start import start_from
from core.training.together import is_first
from core.workspace import Workspace

DEVICE_SHARE = 0.5  # of a GPU's free memory that decoded pictures may take


@dataclass(frozen=True)
class CnnRunResult:
    """The model with its best weights, and the record of that epoch; both None if no epoch was finished."""

    outcome: Outcome
    best: EpochRecord | None
    test_accuracy: float | None
    model: nn.Module | None


def train_cnn(
    workspace: Workspace,
    config: CnnRunConfig,
    folder: Path,
    *,
    device: str = "cpu",
    hooks: Hooks | None = None,
    on_progress: Progress = lambda done, total, what: None,
    data: RunData | None = None,
) -> CnnRunResult:
    """Train the CNN of `config` and leave checkpoints, `model.json` and `predictions.npz` in `folder`.

    Goes on from `folder/last.pt` where there is one. `on_progress(done, total, what)` tells of the
    decoding before the first epoch, unless `data` has been opened already.

    Raises:
        DatasetError: the data set or its split is gone or has changed, or a picture can't be read any more.
        LayerError: the network can't be built for this picture size.
        ConfigError: there is nothing to train on, batch norm can't learn, or it doesn't fit into the memory.
        LossNotFinite: training diverged; what was good is kept.
    """
    hooks = hooks or Hooks()
    keep_freed_memory()
    if not config.training.compiled:
        skip_the_compiler()
    data = data or open_run_data(workspace, config, on_progress=on_progress, should_stop=hooks.interrupted)
    target = torch.device(device)
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)
    check_batch_norm(network, config.training, len(data.train))
    torch.manual_seed(config.training.seed)
    model = build_cnn(config.cnn, config.preprocessing.shape, config.outputs)
    checkpoints = CheckpointFolder(folder)
    if checkpoints.start.exists():
        hooks.on_facts({"started_from": start_from(model, load_tensors(checkpoints.start)).words})
    objective = make_objective(config.training, data.train.labels, len(config.classes), target)
    execution = saved_execution(checkpoints.load_last(), device)
    if execution is None:
        on_progress(0, 0, "measuring how this network learns fastest here")
        piece = config.training.batch_size
        if target.type == "cpu":
            piece = piece_for_this_worker(workspace, network, config.training)
        measured = calibration_file(workspace, config, device)
        calibration = calibrate(
            model,
            config.preprocessing.shape,
            objective,
            config.training,
            target,
            piece=piece,
            stored=measured,
        )
        execution = calibration.execution
        hooks.on_facts({"milliseconds": calibration.milliseconds, "sample": calibration.pictures})
    model = model.to(target).to(memory_format=layout(execution))
    batcher = Batcher(config.preprocessing, target, channels_last=execution.channels_last)
    data = pixels_on_device(data, batcher)
    single_logit = config.training.loss is Loss.SINGLE_LOGIT
    save_model_description(folder, SavedModel(config.cnn, config.preprocessing, config.classes, single_logit))
    return train_and_predict(
        model,
        data,
        config.training,
        config.augmentation,
        batcher=batcher,
        objective=objective,
        execution=execution,
        checkpoints=checkpoints,
        hooks=hooks,
        on_progress=on_progress,
    )


def train_and_predict(
    model: nn.Module,
    data: RunData,
    training: TrainingConfig,
    augmentation: Augmentation,
    *,
    batcher: Batches,
    objective: Objective,
    execution: Execution,
    checkpoints: CheckpointFolder,
    hooks: Hooks,
    on_progress: Progress,
    plan: Plan | None = None,
    network: nn.Module | None = None,
) -> CnnRunResult:
    """Train `model`, and save what its best weights predict.

    `network` is what the best weights are kept of, where `model` is only a part of it.

    Raises:
        LossNotFinite: training diverged; what was good is kept, with its predictions.
    """
    whole = model if network is None else network

    def predict() -> float | None:
        whole.load_state_dict(checkpoints.load_best())
        return _save_best_predictions(model, data, batcher, objective, checkpoints.folder)

    try:
        outcome = train(
            model,
            data.train,
            data.valid,
            training,
            augmentation,
            batcher=batcher,
            objective=objective,
            execution=execution,
            checkpoints=checkpoints,
            hooks=hooks,
            plan=plan,
        )
    except LossNotFinite:
        if checkpoints.best.exists():
            predict()
        raise
    if not outcome.history or outcome.ended == "paused" or not is_first():
        return CnnRunResult(outcome, None, None, None)
    on_progress(0, 1, "predicting every validation picture with the best weights")
    test_accuracy = predict()
    best = [record for record in outcome.history if record.is_best][-1]
    return CnnRunResult(outcome, best, test_accuracy, whole.eval())


def pixels_on_device(data: RunData, batcher: Batcher) -> RunData:
    """`data` with its pixels in a GPU's memory, if they take no more than a share of what is free there."""
    if batcher.device.type != "cuda":
        return data
    pictures = len(data.train) + len(data.valid)
    free, _ = torch.cuda.mem_get_info(batcher.device)
    if pictures * batcher.picture_bytes > DEVICE_SHARE * free:
        return data
    return replace(data, train=batcher.on_device(data.train), valid=batcher.on_device(data.valid))


def _save_best_predictions(
    model: nn.Module, data: RunData, batcher: Batches, objective: Objective, folder: Path
) -> float | None:
    valid = predict_probabilities(model, data.valid, batcher, objective)
    save_predictions(folder, "valid", data.valid.rows, data.valid.labels, valid)
    if not len(data.test):
        return None
    test = predict_probabilities(model, data.test, batcher, objective)
    save_predictions(folder, "test", data.test.rows, data.test.labels, test)
    return float((test.argmax(1) == data.test.labels).mean())
