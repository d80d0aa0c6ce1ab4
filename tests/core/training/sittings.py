"""Trainings in several sittings, and what must be the same however many there were."""

import itertools
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.training.checkpoint import CheckpointFolder
from core.training.history import EpochRecord, Hooks


def pause_at(check: int) -> Hooks:
    """Asks for a pause when the training looks for the `check`-th time (from 1), and from then on."""
    looks = itertools.count(1)
    return Hooks(should_pause=lambda: next(looks) >= check)


def exact(record: EpochRecord | dict[str, Any]) -> dict[str, Any]:
    """What of an epoch doesn't depend on how fast the machine is, or on what else the process has held."""
    values = vars(record) if isinstance(record, EpochRecord) else record
    measured = ("seconds", "pictures_per_second", "memory", "phases")
    return {name: value for name, value in values.items() if name not in measured}


def end_of(folder: Path) -> dict[str, Any]:
    """The last checkpoint, but for what was measured."""
    state = CheckpointFolder(folder).load_last()
    assert state is not None
    return {**state, "history": [exact(past) for past in state["history"]]}


def same(one: Any, other: Any) -> bool:
    """Whether two nests of containers hold the same, bit for bit."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other
