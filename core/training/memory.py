"""How much memory a training takes, told before it starts; no torch."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.layers.batch_norm import BatchNorm2d
from core.layers.memory import Dtype, walk_memory
from core.machine import computes_bfloat16, free_memory
from core.models.walk import Walk
from core.training.config import Optimizer, Precision, TrainingConfig
from core.training.evaluation_batch import evaluation_batch
from core.training.measured import torch_version
from core.workspace import Workspace, write_json

FLOAT = 4  # bytes
STATES = {Optimizer.SGD: 1, Optimizer.ADAM: 2, Optimizer.ADAMW: 2}  # momenta a parameter
USUAL_BASE = 550_000_000  # bytes of Python and PyTorch before the first tensor, until it was measured here
LIBRARIES = 75_000_000  # bytes that kernels set up for themselves in a first step
# The heap of a training process needs so many times what a step keeps for its way back: the gradients of
# the maps come on top, and gaps between maps of different sizes (tests/benchmarks/bench_estimates.py).
HEAP = 2.2


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes: the process with its libraries, the weights with gradients and momenta, the maps of a batch.

    Those of a validation come on top, in gaps of their own.
    """

    base: int
    parameters: int
    maps: int
    validation: int = 0

    @property
    def total(self) -> int:
        return self.base + self.parameters + self.maps + self.validation


def training_memory(
    network: Walk,
    training: TrainingConfig,
    *,
    piece: int | None = None,
    base: int = USUAL_BASE,
    precision: Precision = Precision.FLOAT32,
) -> TrainingMemory:
    """The estimate for a training on the processor with `piece` pictures at once (by default a batch)."""
    at_once = training.batch_size if piece is None else piece
    copies = 2 + STATES[training.optimizer]
    dtype = Dtype.BFLOAT16 if precision is Precision.BFLOAT16 else Dtype.FLOAT32
    kept = walk_memory(network.rows, network.input_shape, at_once, dtype).training
    _, height, width = network.input_shape
    looked_at = evaluation_batch((height, width), "cpu")
    return TrainingMemory(
        base + LIBRARIES,
        network.parameters * copies * FLOAT,
        round(HEAP * kept),
        walk_memory(network.rows, network.input_shape, looked_at).inference,
    )


def expected_precision(training: TrainingConfig) -> Precision:
    """What a run on the processor will learn in, as far as that can be told before it is measured.

    The measurement's own float32 steps need no more than the run, as they have half of its pictures.
    """
    if training.precision is Precision.AUTO:
        return Precision.BFLOAT16 if computes_bfloat16() else Precision.FLOAT32
    return training.precision


def piece_that_fits(
    network: Walk, training: TrainingConfig, *, base: int = USUAL_BASE, available: int | None = None
) -> int:
    """How many pictures at once fit into `available` bytes: the batch, or a half of it, a quarter, ...

    By default what this machine has free counts. Batch norm gets two pictures at least.

    Raises:
        ConfigError: not even one fits; with the estimate, and which half of it to make smaller.
    """
    room = free_memory() if available is None else available
    piece = training.batch_size
    smallest = 2 if any(isinstance(row.record, BatchNorm2d) for row in network.rows) else 1
    while (needed := training_memory(network, training, piece=piece, base=base)).total > room:
        if piece <= smallest:
            raise _too_large(needed, room)
        piece = -(-piece // 2)
    return piece


def piece_for_this_worker(workspace: Workspace, network: Walk, training: TrainingConfig) -> int:
    """`piece_that_fits` for a process that holds the base already."""
    held = known_base(workspace)
    return piece_that_fits(network, training, base=held, available=free_memory() + held)


def remember_base(workspace: Workspace, held: int | None) -> None:
    """Keep what a worker held once PyTorch was loaded, for the estimates to come."""
    if held is not None:
        path = _base_file(workspace)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"bytes": held})


def known_base(workspace: Workspace) -> int:
    """Bytes of a worker before its first tensor, as last measured here."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(_base_file(workspace).read_text())["bytes"])
    return USUAL_BASE


def _base_file(workspace: Workspace) -> Path:
    return workspace.caches / "calibration" / f"base-{torch_version() or 'none'}.json"


def _too_large(needed: TrainingMemory, room: int) -> ConfigError:
    heavier_maps = needed.maps > needed.parameters
    return ConfigError(
        "This training doesn't fit into the memory of this machine, even in the smallest pieces.",
        expected=f"at most {room / 1e9:.1f} GB",
        found=f"about {needed.total / 1e9:.1f} GB, {needed.maps / 1e9:.1f} GB of it for its maps",
        fix="Choose smaller pictures or fewer filters."
        if heavier_maps
        else "Make the largest layer smaller: pool more before flattening, or use global average pooling.",
    )
