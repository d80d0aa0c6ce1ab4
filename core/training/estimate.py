"""What a run will take: memory, disk and time, told before it starts. No torch."""

import math
from dataclasses import dataclass

from core.data.dataset import Dataset
from core.data.pixel_cache import cache_bytes, cache_path
from core.data.splitting import Split
from core.errors import ConfigError
from core.layers.batch_norm import BatchNorm2d
from core.machine import free_disk
from core.models.walk import Walk
from core.training.config import CnnRunConfig
from core.training.measured import calibration_file, load_calibration, load_trial, trial_file
from core.training.memory import (
    FLOAT,
    STATES,
    expected_precision,
    known_base,
    piece_that_fits,
    training_memory,
)
from core.training.snapshots import snapshot_rule
from core.workspace import Workspace

TENSOR = 450  # bytes that a file of tensors needs for each besides its values
SMALL_FILES = 60_000  # bytes of settings, status, log and curves


@dataclass(frozen=True)
class Estimate:
    """Bytes of memory (None where only a trial can tell) and disk, seconds of an epoch and of the whole run.

    `cache` is the part of `disk` that decoded pictures take, 0 where they are decoded already. `piece` is
    how many pictures go through the network at once. Seconds are None until a trial has measured them.
    """

    memory: int | None
    disk: int
    cache: int
    piece: int
    epoch_seconds: float | None
    run_seconds: float | None
    is_measured: bool


def estimate_run(
    workspace: Workspace,
    config: CnnRunConfig,
    network: Walk,
    dataset: Dataset,
    split: Split,
    device: str,
    *,
    elsewhere: bool = False,
) -> Estimate:
    """The estimate for a run on `device`, measured where a trial of the same network has been made.

    `elsewhere`: it is carried out on another machine, whose memory nobody knows here.

    Raises:
        ConfigError: it can't fit into the memory or onto the disk.
    """
    training, base = config.training, known_base(workspace)
    is_cpu = device == "cpu"
    piece = training.batch_size
    if is_cpu and not elsewhere:
        piece = piece_that_fits(network, training, base=base)
    precision = expected_precision(training)
    if (calibration := load_calibration(calibration_file(workspace, config, device))) is not None:
        precision = calibration.execution.precision
    memory = None
    if is_cpu:
        memory = training_memory(network, training, piece=piece, base=base, precision=precision).total
    epoch_seconds = None
    if (trial := load_trial(trial_file(workspace, config, device))) is not None:
        memory, piece = trial.memory or memory, trial.execution.piece
        epoch_seconds = (
            len(split.train) * trial.seconds_a_picture + len(split.valid) * trial.validation_seconds_a_picture
        )
    cache = 0
    if not cache_path(workspace, dataset, config.preprocessing).exists():
        cache = cache_bytes(len(dataset.pictures), config.preprocessing)
    disk = cache + run_folder_bytes(network, config, len(split.valid) + len(split.test))
    _check_disk(workspace, disk)
    return Estimate(
        memory,
        disk,
        cache,
        piece,
        epoch_seconds,
        None if epoch_seconds is None else epoch_seconds * training.epochs,
        trial is not None,
    )


def run_folder_bytes(network: Walk, config: CnnRunConfig, predicted: int) -> int:
    """Of a finished run: two checkpoints, the best weights, snapshots, and the predictions."""
    tensors, values = _state(network)
    model = values * FLOAT + tensors * TENSOR
    states = STATES[config.training.optimizer]
    checkpoint = model + network.parameters * FLOAT * states + tensors * TENSOR * (states + 1)
    rule = snapshot_rule(config.training.epochs, values * FLOAT)
    snapshots = 0 if rule.every is None else 1 + config.training.epochs // rule.every
    predictions = predicted * len(config.classes) * FLOAT
    return 2 * checkpoint + (1 + snapshots) * model + predictions + SMALL_FILES


def _state(network: Walk) -> tuple[int, int]:
    """How many tensors a state dict of `network` has, and how many values in all."""
    tensors, values = 0, 0
    for row in network.rows:
        if row.parameters:
            tensors, values = tensors + 2, values + row.parameters
        if isinstance(row.record, BatchNorm2d):
            tensors, values = tensors + 3, values + 2 * row.record.channels + 2
    return tensors, values


def _check_disk(workspace: Workspace, needed: int) -> None:
    free = free_disk(workspace.root)
    if needed > free:
        raise ConfigError(
            "This run doesn't fit onto the disk.",
            expected=f"{math.ceil(needed / 1e6):,} MB free",
            found=f"{free / 1e6:,.0f} MB free",
            fix="Free some space, or choose smaller pictures or a smaller network.",
        )
