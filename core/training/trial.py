"""Ten batches of a training on pictures of noise: how long an epoch will take, and how much memory."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.models.cnn import build_cnn
from core.processes import peak_memory
from core.records import to_json
from core.training.allocator import keep_freed_memory
from core.training.batches import Batcher, Batches
from core.training.calibration import calibrate
from core.training.config import CnnRunConfig
from core.training.evaluation import evaluate
from core.training.evaluation_batch import evaluation_batch
from core.training.execution import Execution
from core.training.fine_tune_config import FineTuneConfig
from core.training.kernels import kernels_of, layout
from core.training.measured import Trial
from core.training.objective import Objective, make_objective
from core.training.optimization import skip_the_compiler
from core.training.plan import Plan
from core.training.run_data import LabeledPictures
from core.training.step import Learner, new_sums
from core.training.stopwatch import Stopwatch
from core.workspace import write_json

BATCHES = 10
WARM_UP = 2  # batches before them


class Repeated:
    """Pictures (N, H, W, C) that are all `one` and stand for any others: a step takes as long on them."""

    def __init__(self, one: np.ndarray) -> None:
        self._one = one

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.repeat(self._one[None], len(rows), axis=0)

    def labeled(self, count: int, classes: int) -> LabeledPictures:
        rows = np.arange(count)
        return LabeledPictures(self, rows, rows % classes)


def noise(shape: tuple[int, int, int]) -> np.ndarray:
    """A picture (H, W, C) of that shape (C, H, W)."""
    channels, height, width = shape
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


def run_trial(config: CnnRunConfig, device: str, *, piece: int, calibration: Path, stored: Path) -> Trial:
    """Measure, and keep it in `stored`; numbers and layout are chosen as in `calibration`, or go there."""
    keep_freed_memory()
    if not config.training.compiled:
        skip_the_compiler()
    target, training, shape = torch.device(device), config.training, config.preprocessing.shape
    pictures, classes = Repeated(noise(shape)), len(config.classes)
    objective = make_objective(training, pictures.labeled(classes, classes).labels, classes, target)
    model = build_cnn(config.cnn, shape, config.outputs)
    execution = calibrate(
        model, shape, objective, training, target, piece=piece, stored=calibration
    ).execution
    model = model.to(target).to(memory_format=layout(execution)).train()
    batcher = Batcher(config.preprocessing, target, channels_last=execution.channels_last)
    trial = ten_batches(
        model,
        pictures,
        config,
        batcher=batcher,
        objective=objective,
        execution=execution,
        plan=Plan(training),
    )
    write_json(stored, to_json(trial))
    return trial


def ten_batches(
    model: nn.Module,
    pictures: Repeated,
    config: CnnRunConfig | FineTuneConfig,
    *,
    batcher: Batches,
    objective: Objective,
    execution: Execution,
    plan: Plan,
) -> Trial:
    """What learning and validating take; `model` is on the device, in the mode in which it learns."""
    target, training, classes = batcher.device, config.training, len(config.classes)
    learned = pictures.labeled((WARM_UP + BATCHES) * training.batch_size, classes)
    learner = Learner(model, plan.optimizer(model), objective, training, execution)
    sums, watch = new_sums(target), Stopwatch(target)
    with kernels_of(execution, deterministic=training.deterministic):
        stream = batcher.train_batches(learned, training.batch_size, config.augmentation, 0, 1)
        begun = time.perf_counter()
        for number, batch in enumerate(stream):
            if number == WARM_UP:
                float(sums[0])  # waits for the device
                begun = time.perf_counter()
            learner.step(batch, sums, watch)
        float(sums[0])
        learning = time.perf_counter() - begun
        looked_at = pictures.labeled(2 * evaluation_batch(batcher.side, target.type), classes)
        evaluate(model, pictures.labeled(1, classes), batcher, objective)
        begun = time.perf_counter()
        evaluate(model, looked_at, batcher, objective)
        validating = time.perf_counter() - begun
    return Trial(
        execution,
        learning / (BATCHES * training.batch_size),
        validating / len(looked_at),
        torch.cuda.max_memory_reserved(target) if target.type == "cuda" else peak_memory(),
    )
