"""Weights of another run as the starting point of this one."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Started:
    """Names of the tensors that were taken over, and of those that start afresh."""

    taken: tuple[str, ...]
    fresh: tuple[str, ...]

    @property
    def words(self) -> str:
        if not self.fresh:
            return f"all {len(self.taken)} tensors"
        return (
            f"{len(self.taken)} of {len(self.taken) + len(self.fresh)} tensors; new: {', '.join(self.fresh)}"
        )


def start_from(model: nn.Module, state_dict: dict[str, torch.Tensor]) -> Started:
    """Copy what has the same name and shape into `model`; the rest keeps its fresh weights."""
    own = model.state_dict()
    taken = {
        name: value
        for name, value in state_dict.items()
        if name in own and torch.is_tensor(value) and value.shape == own[name].shape
    }
    model.load_state_dict({**own, **taken})
    return Started(tuple(taken), tuple(name for name in own if name not in taken))
