"""What a fine-tuning will compute and take, told before it starts."""

import math
from dataclasses import dataclass
from math import prod

from core.data.dataset import Dataset
from core.data.pixel_cache import cache_bytes, cache_path
from core.data.splitting import Split
from core.errors import ConfigError
from core.machine import free_disk, free_memory
from core.models.outline import Outline
from core.training.config import Precision
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_files import fine_tune_trial_file, frozen_numbers_file
from core.training.fine_tune_memory import fine_tune_memory
from core.training.frozen_disk import Rows
from core.training.frozen_numbers import Numbers, load_numbers
from core.training.measured import load_trial
from core.training.memory import FLOAT, STATES, known_base
from core.training.snapshots import snapshot_rule
from core.workspace import Workspace


@dataclass(frozen=True)
class FineTuneEstimate:
    """Passes through the frozen part, and how many there would be if it ran in every epoch; both 0 where
    nothing is frozen. Bytes of the rows that are kept of it (0 where they have no room), of `disk` in all,
    and of memory (None where only a trial can tell). Seconds, of the frozen part as if none of it were there
    yet and of an epoch, are None until they have been measured here.
    """

    passes: int
    otherwise: int
    rows: int
    has_room: bool
    disk: int
    memory: int | None
    frozen_seconds: float | None
    epoch_seconds: float | None = None

    @property
    def is_measured(self) -> bool:
        return self.epoch_seconds is not None


def estimate_fine_tuning(
    workspace: Workspace,
    config: FineTuneConfig,
    outline: Outline,
    dataset: Dataset,
    split: Split,
    device: str,
    *,
    elsewhere: bool = False,
) -> FineTuneEstimate:
    """The estimate for a run on `device`.

    `elsewhere`: it is carried out on another machine, whose memory nobody knows here.

    Raises:
        ConfigError: it can't fit into the memory, or what it leaves onto the disk.
    """
    blocks = len(outline.blocks)
    trained = config.trained_blocks(blocks)
    folder = _folder_bytes(config, outline, trained)
    pixels = 0
    if not cache_path(workspace, dataset, config.preprocessing).exists():
        pixels = cache_bytes(len(dataset.pictures), config.preprocessing)
    free = free_disk(workspace.root)
    if folder + pixels > free:
        raise ConfigError(
            "This run doesn't fit onto the disk.",
            expected=f"{math.ceil((folder + pixels) / 1e6):,} MB free",
            found=f"{free / 1e6:,.0f} MB free",
            fix="Free some space, or choose a smaller backbone.",
        )
    memory = None
    if device == "cpu":
        memory = fine_tune_memory(config, outline, base=known_base(workspace)).total
        if not elsewhere:
            _check_memory(memory)
    epoch_seconds = None
    if (trial := load_trial(fine_tune_trial_file(workspace, config, trained, device))) is not None:
        memory = trial.memory or memory
        epoch_seconds = (
            len(split.train) * trial.seconds_a_picture + len(split.valid) * trial.validation_seconds_a_picture
        )
    if trained == blocks:
        return FineTuneEstimate(0, 0, 0, True, folder + pixels, memory, None, epoch_seconds)
    otherwise = config.training.epochs * (len(split.train) + len(split.valid)) + len(split.test)
    rows = Rows(
        len(split.train) * config.cached_views,
        len(split.valid) + len(split.test),
        prod(outline.blocks[blocks - trained].receives),
    )
    if not rows.has_room(workspace, config.training.precision):
        return FineTuneEstimate(otherwise, otherwise, 0, False, folder + pixels, memory, None)
    numbers = load_numbers(frozen_numbers_file(workspace, config, trained, device))
    precision = config.training.precision
    if precision is Precision.AUTO and numbers is not None:
        precision = numbers.precision
    seconds = None if numbers is None else _frozen_seconds(rows, numbers, precision)
    kept = rows.bytes(precision)
    disk = folder + pixels + kept
    return FineTuneEstimate(rows.count, otherwise, kept, True, disk, memory, seconds, epoch_seconds)


def _frozen_seconds(rows: Rows, numbers: Numbers, precision: Precision) -> float | None:
    """Of the frozen part; None where it was not measured in these numbers."""
    learned, looked_at = (numbers.seconds_a_picture(each) for each in (precision, Precision.FLOAT32))
    if learned is None or looked_at is None:
        return None
    return rows.learned * learned + rows.looked_at * looked_at


def _check_memory(needed: int) -> None:
    if needed > (room := free_memory()):
        raise ConfigError(
            "This fine-tuning doesn't fit into the memory of this machine.",
            expected=f"at most {room / 1e9:.1f} GB",
            found=f"about {needed / 1e9:.1f} GB",
            fix="Take smaller batches, let fewer blocks train, or choose a smaller backbone.",
        )


def _folder_bytes(config: FineTuneConfig, outline: Outline, trained: int) -> int:
    """Of a finished run: whole weights at its start and at its best, two checkpoints of what trains."""
    whole = outline.parameters * FLOAT
    checkpoint = outline.trainable(trained) * FLOAT * (1 + STATES[config.training.optimizer])
    snapshots = 0
    if config.trains is not Trains.HEAD:
        rule = snapshot_rule(config.training.epochs, whole)
        snapshots = 0 if rule.every is None else 1 + config.training.epochs // rule.every
    return (2 + snapshots) * whole + 2 * checkpoint
