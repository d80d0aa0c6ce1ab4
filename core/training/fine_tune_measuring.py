"""How a fine-tuning runs fastest on this machine: the numbers of its frozen part, and how the rest learns."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.data.parallel import Progress
from core.layers.shapes import Shape
from core.training.batches import Batcher, unit_range
from core.training.calibration import calibrate
from core.training.config import Precision
from core.training.execution import Execution
from core.training.fine_tune_config import FineTuneConfig
from core.training.frozen_numbers import load_numbers, measure_numbers
from core.training.history import Hooks
from core.training.objective import Objective

WORTH_THREADS = (
    4_000_000  # weights of a head: threads of a smaller one wait for each other longer than they work
)


def frozen_precision(
    config: FineTuneConfig,
    prefix: nn.Module,
    sample: np.ndarray,
    target: torch.device,
    stored: Path,
    on_progress: Progress,
) -> Precision:
    """What the settings ask for, or what is faster as `stored`, or as measured now with the pictures
    `sample`, uint8 (B, H, W, C)."""
    if config.training.precision is not Precision.AUTO:
        return config.training.precision
    numbers = load_numbers(stored)
    if numbers is None:
        on_progress(0, 0, "measuring how the frozen part computes fastest here")
        unit = unit_range(torch.from_numpy(sample).to(target))
        pictures = Batcher(config.preprocessing, target).normalized(unit)
        numbers = measure_numbers(prefix.to(target), pictures, stored)
    return numbers.precision


def learning_execution(
    config: FineTuneConfig,
    model: nn.Module,
    receives: Shape,
    objective: Objective,
    target: torch.device,
    stored: Path,
    hooks: Hooks,
    on_progress: Progress,
) -> Execution:
    """How what trains learns fastest here; a head alone is too small to be worth measuring."""
    training = config.training
    if len(receives) == 1:
        precision = Precision.FLOAT32 if training.precision is Precision.AUTO else training.precision
        weights = sum(parameter.numel() for parameter in model.parameters())
        threads = 1 if weights < WORTH_THREADS else torch.get_num_threads()
        return Execution(str(target), precision, True, threads, training.batch_size)
    on_progress(0, 0, "measuring how this network learns fastest here")
    calibration = calibrate(
        model, receives, objective, training, target, piece=training.batch_size, stored=stored
    )
    hooks.on_facts({"milliseconds": calibration.milliseconds, "sample": calibration.pictures})
    return calibration.execution
