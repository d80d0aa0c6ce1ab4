"""How much memory a training takes, told before it starts; no torch."""

import math
from dataclasses import dataclass

import psutil

from core.errors import ConfigError
from core.models.walk import Walk
from core.training.config import Optimizer, TrainingConfig

FLOAT = 4  # bytes
STATES = {Optimizer.SGD: 1, Optimizer.ADAM: 2, Optimizer.ADAMW: 2}  # momenta a parameter


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes: weights with their gradients and momenta, and the maps of one batch with their gradients."""

    parameters: int
    maps: int

    @property
    def total(self) -> int:
        return self.parameters + self.maps


def training_memory(network: Walk, training: TrainingConfig) -> TrainingMemory:
    """The estimate for a network and its training settings, in float32."""
    copies = 2 + STATES[training.optimizer]
    values = math.prod(network.input_shape) + sum(math.prod(row.output) for row in network.rows)
    return TrainingMemory(network.parameters * copies * FLOAT, 2 * values * training.batch_size * FLOAT)


def check_memory(network: Walk, training: TrainingConfig, *, available: int | None = None) -> None:
    """Refuse a training that can't fit into `available` bytes (by default what this machine has free).

    Raises:
        ConfigError: with the estimate, and which half of it to make smaller.
    """
    room = psutil.virtual_memory().available if available is None else available
    needed = training_memory(network, training)
    if needed.total <= room:
        return
    heavier_maps = needed.maps > needed.parameters
    raise ConfigError(
        "This training doesn't fit into the memory of this machine.",
        expected=f"at most {room / 1e9:.1f} GB",
        found=f"about {needed.total / 1e9:.1f} GB, {needed.maps / 1e9:.1f} GB of it for the maps of a batch",
        fix="Choose a smaller batch, smaller pictures or fewer filters."
        if heavier_maps
        else "Make the largest layer smaller: pool more before flattening, or use global average pooling.",
    )


def piece_that_fits(network: Walk, training: TrainingConfig, *, available: int | None = None) -> int:
    """How many pictures at once, of the batch size, half of it and so on, fit into the memory."""
    return training.batch_size
