"""How much memory the maps of a torchvision model take, measured on the meta device: nothing is allocated.

Weights, gradients, the optimizer and a library's own working space come on top. What training keeps is what
PyTorch saves on the processor, to the byte; but for vision transformers, whose attention runs there in one
piece and keeps less than the steps that are measured here.
"""

import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from core.layers.memory import Dtype, WalkMemory
from core.layers.shapes import MapShape
from core.models.registry_build import build_on_meta
from core.models.registry_operations import tensors_in

BATCHES = (2, 3)  # batch normalization can't train on one value a channel


@dataclass(frozen=True)
class Held:
    """Numbers and other bytes (places of maxima, masks), whatever the batch and for each picture of it."""

    fixed_values: int
    values: int
    fixed_bytes: int
    bytes: int

    def total(self, batch: int, dtype: Dtype) -> int:
        """Bytes for a batch."""
        values = self.fixed_values + batch * self.values
        return values * dtype.bytes + self.fixed_bytes + batch * self.bytes


@dataclass(frozen=True)
class ModelMemory:
    """The most that predicting holds at once, and all that training keeps for the way back."""

    inference: Held
    training: Held

    def of_batch(self, batch: int, dtype: Dtype) -> WalkMemory:
        """Bytes for a batch; no row is told as the one that needs the most."""
        return WalkMemory(self.inference.total(batch, dtype), self.training.total(batch, dtype), -1)


def model_memory(name: str, input_shape: MapShape) -> ModelMemory:
    """Of model `name` for pictures of `input_shape` (C, H, W), which `walk_model` found to fit.

    Raises:
        ConfigError: no model has this name.
    """
    model = build_on_meta(name, input_shape)
    inference = _held(*(_most_alive(model, _pictures(batch, input_shape)) for batch in BATCHES))
    model.train()
    try:
        kept = [_kept(model, _pictures(batch, input_shape)) for batch in BATCHES]
    except (RuntimeError, ValueError):  # the picture is too small for Inception's auxiliary head
        model.training = False
        kept = [_kept(model, _pictures(batch, input_shape)) for batch in BATCHES]
    return ModelMemory(inference, _held(*kept))


def _pictures(batch: int, input_shape: MapShape) -> Tensor:
    return torch.empty(batch, *input_shape, device="meta")


def _held(two: tuple[int, int], three: tuple[int, int]) -> Held:
    """From (numbers, other bytes) of two batches: both grow by the same for each picture more."""
    values, others = (more - fewer for more, fewer in zip(three, two, strict=True))
    return Held(two[0] - 2 * values, values, two[1] - 2 * others, others)


def _kept(model: nn.Module, pictures: Tensor) -> tuple[int, int]:
    """(numbers, other bytes) that autograd saves, each memory once, and weights not at all."""
    own = {_memory(tensor) for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if _memory(tensor) not in own:
            saved[_memory(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(pictures)
    values = sum(_values(tensor) for tensor in saved.values() if tensor.is_floating_point())
    return values, sum(
        tensor.untyped_storage().nbytes() for tensor in saved.values() if not tensor.is_floating_point()
    )


def _most_alive(model: nn.Module, pictures: Tensor) -> tuple[int, int]:
    """(numbers, 0) of the maps that are alive at the worst moment of a prediction, the pictures included."""
    watch = _Watch(model)
    watch.add(pictures)
    with torch.inference_mode(), watch:
        model(pictures)
    return watch.most, 0


class _Watch(TorchDispatchMode):
    """Counts the numbers in all memory that operations make, until Python lets go of it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive = self.most = 0
        self._known = {_memory(tensor) for tensor in (*model.parameters(), *model.buffers())}

    def add(self, tensor: Tensor) -> None:
        place, values = _memory(tensor), _values(tensor)
        if place in self._known:
            return
        self._known.add(place)
        self.alive += values
        self.most = max(self.most, self.alive)
        weakref.finalize(tensor.untyped_storage(), self._drop, place, values)

    def _drop(self, place: int, values: int) -> None:
        self._known.discard(place)
        self.alive -= values

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        for tensor in tensors_in(output):
            if tensor.is_floating_point():
                self.add(tensor)
        return output


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _values(tensor: Tensor) -> int:
    return tensor.untyped_storage().nbytes() // tensor.element_size()
