"""What a fine-tuning will compute and take, told before it starts."""

import math
from dataclasses import dataclass
from math import prod

from core.data.dataset import Dataset
from core.data.pixel_cache import cache_bytes, cache_path
from core.data.splitting import Split
from core.errors import ConfigError
from core.machine import free_disk
from core.models.outline import Outline
from core.training.config import Precision
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.frozen_disk import has_room, rows_bytes, rows_needed
from core.training.frozen_numbers import load_numbers, numbers_file
from core.training.memory import FLOAT, STATES
from core.training.snapshots import snapshot_rule
from core.workspace import Workspace


@dataclass(frozen=True)
class FineTuneEstimate:
    """Passes through the frozen part, and how many there would be if it ran in every epoch; both 0 where
    nothing is frozen. Bytes of the rows that are kept of it (0 where they have no room), and of `disk` in
    all. Seconds of the frozen part are None until they have been measured here.
    """

    passes: int
    otherwise: int
    rows: int
    has_room: bool
    disk: int
    frozen_seconds: float | None


def estimate_fine_tuning(
    workspace: Workspace,
    config: FineTuneConfig,
    outline: Outline,
    dataset: Dataset,
    split: Split,
    device: str,
) -> FineTuneEstimate:
    """The estimate for a run on `device`.

    Raises:
        ConfigError: what it leaves doesn't fit onto the disk.
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
    if trained == blocks:
        return FineTuneEstimate(0, 0, 0, True, folder + pixels, None)
    otherwise = config.training.epochs * (len(split.train) + len(split.valid)) + len(split.test)
    values = prod(outline.blocks[blocks - trained].receives)
    passes = rows_needed(len(split.train), len(split.valid) + len(split.test), config.cached_views)
    numbers = load_numbers(numbers_file(workspace, config.backbone, trained, device))
    precision = config.training.precision
    if precision is Precision.AUTO and numbers is not None:
        precision = numbers.precision
    if not has_room(workspace, passes * values, config.training.precision):
        return FineTuneEstimate(otherwise, otherwise, 0, False, folder + pixels, None)
    rows = rows_bytes(passes * values, precision)
    a_picture = numbers.seconds_a_picture if numbers is not None else None
    seconds = None if a_picture is None else a_picture * passes
    return FineTuneEstimate(passes, otherwise, rows, True, folder + pixels + rows, seconds)


def _folder_bytes(config: FineTuneConfig, outline: Outline, trained: int) -> int:
    """Of a finished run: whole weights at its start and at its best, two checkpoints of what trains."""
    whole = outline.parameters * FLOAT
    checkpoint = outline.trainable(trained) * FLOAT * (1 + STATES[config.training.optimizer])
    snapshots = 0
    if config.trains is not Trains.HEAD:
        rule = snapshot_rule(config.training.epochs, whole)
        snapshots = 0 if rule.every is None else 1 + config.training.epochs // rule.every
    return (2 + snapshots) * whole + 2 * checkpoint
