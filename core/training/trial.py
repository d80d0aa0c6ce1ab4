"""Ten batches of a training on pictures of noise: how long an epoch will take, and how much memory."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.models.cnn import build_cnn
from core.processes import peak_memory
from core.records import to_json
from core.training.allocator import keep_freed_memory
from core.training.batches import Batcher
from core.training.calibration import calibrate
from core.training.config import CnnRunConfig
from core.training.evaluation import evaluate, evaluation_batch
from core.training.kernels import kernels_of, layout
from core.training.measured import Trial
from core.training.objective import make_objective
from core.training.optimization import make_optimizer, skip_the_compiler
from core.training.run_data import LabeledPictures
from core.training.step import Learner, new_sums
from core.training.stopwatch import Stopwatch
from core.workspace import write_json

BATCHES = 10
WARM_UP = 2  # batches before them


class Noise:
    """Pictures (N, H, W, C) that stand for any others: a step takes as long on them."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        channels, height, width = shape
        self._one = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.repeat(self._one[None], len(rows), axis=0)

    def pictures(self, count: int, classes: int) -> LabeledPictures:
        rows = np.arange(count)
        return LabeledPictures(self, rows, rows % classes)


def run_trial(config: CnnRunConfig, device: str, *, piece: int, calibration: Path, stored: Path) -> Trial:
    """Measure, and keep it in `stored`; numbers and layout are chosen as in `calibration`, or go there."""
    keep_freed_memory()
    if not config.training.compiled:
        skip_the_compiler()
    target, training, shape = torch.device(device), config.training, config.preprocessing.shape
    noise, classes = Noise(shape), len(config.classes)
    learned = noise.pictures((WARM_UP + BATCHES) * training.batch_size, classes)
    objective = make_objective(training, learned.labels, classes, target)
    model = build_cnn(config.cnn, shape, config.outputs)
    execution = calibrate(
        model, shape, objective, training, target, piece=piece, stored=calibration
    ).execution
    model = model.to(target).to(memory_format=layout(execution)).train()
    batcher = Batcher(config.preprocessing, target, channels_last=execution.channels_last)
    learner = Learner(model, make_optimizer(model.parameters(), training), objective, training, execution)
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
        looked_at = noise.pictures(2 * evaluation_batch(batcher.side, target.type), classes)
        evaluate(model, noise.pictures(1, classes), batcher, objective)
        begun = time.perf_counter()
        evaluate(model, looked_at, batcher, objective)
        validating = time.perf_counter() - begun
    trial = Trial(
        execution,
        learning / (BATCHES * training.batch_size),
        validating / len(looked_at),
        torch.cuda.max_memory_reserved(target) if target.type == "cuda" else peak_memory(),
    )
    write_json(stored, to_json(trial))
    return trial
