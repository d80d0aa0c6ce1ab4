"""The kernels of convolutions: which layers have them, how they are looked at, and their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from torch import nn


class Shown(StrEnum):
    """What one picture shows of the weights (O, I, kh, kw)."""

    COLORS = "each filter in colour"  # of a layer that looks at RGB pictures
    SINGLE = "each filter"  # with one slice: depthwise, or of a grey picture
    MATRIX = "all weights as one matrix"  # of a 1x1 convolution
    FILTER = "one filter, a slice an input channel"
    CHANNEL = "one input channel, a slice a filter"


class Order(StrEnum):
    INDEX = "index"
    NORM = "norm, largest first"


@dataclass(frozen=True)
class FilterLayer:
    """A convolution by its module name, with the shape (O, I, kh, kw) of its weights; I is a group's."""

    name: str
    shape: tuple[int, int, int, int]
    groups: int
    in_channels: int

    @property
    def views(self) -> tuple[Shown, ...]:
        """The ways to look at it, the most telling one first."""
        _, slices, *kernel = self.shape
        if slices == 1:
            return (Shown.SINGLE,)
        matrix = (Shown.MATRIX,) if kernel == [1, 1] else ()
        colors = (Shown.COLORS,) if slices == self.in_channels == 3 else ()
        return (*matrix, *colors, Shown.FILTER, Shown.CHANNEL)

    @property
    def words(self) -> str:
        """ "64 filters of 3 x 7 x 7", and what is special about them."""
        filters, slices, rows, columns = self.shape
        size = f"{rows} x {columns}"
        if slices == 1 and self.groups > 1:
            return f"{filters} filters of {size}, depthwise: each looks at one channel only"
        grouped = f", in {self.groups} groups" if self.groups > 1 else ""
        return f"{filters} filters of {slices} x {size}{grouped}"


def filter_layers(model: nn.Module) -> list[FilterLayer]:
    """Every two-dimensional convolution of `model`, in the order of its modules."""
    return [
        FilterLayer(name, _four(module.weight.shape), module.groups, module.in_channels)
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d)
    ]


def weights_of(state_dict: Mapping[str, torch.Tensor], layer: FilterLayer) -> np.ndarray:
    """The weights (O, I, kh, kw) float32 of `layer` in a state dict."""
    return state_dict[f"{layer.name}.weight"].detach().float().numpy()


@dataclass(frozen=True)
class Slice:
    """One picture of weights: (kh, kw), (kh, kw, 3) in colour, or (O, I) of a matrix."""

    label: str
    values: np.ndarray

    @property
    def norm(self) -> float:
        """The root of the sum of squares."""
        return float(np.sqrt(np.square(self.values, dtype=np.float64).sum()))


def slices_of(weights: np.ndarray, shown: Shown, index: int, order: Order) -> list[Slice]:
    """What `shown` shows of weights (O, I, kh, kw); `index` is the filter or the input channel."""
    match shown:
        case Shown.COLORS:
            found = [Slice(f"filter {i}", np.moveaxis(kernel, 0, -1)) for i, kernel in enumerate(weights)]
        case Shown.SINGLE:
            found = [Slice(f"filter {i}", kernel[0]) for i, kernel in enumerate(weights)]
        case Shown.MATRIX:
            found = [Slice("filters (rows) by input channels (columns)", weights[:, :, 0, 0])]
        case Shown.FILTER:
            found = [Slice(f"channel {i}", kernel) for i, kernel in enumerate(weights[index])]
        case Shown.CHANNEL:
            found = [Slice(f"filter {i}", kernel) for i, kernel in enumerate(weights[:, index])]
    return sorted(found, key=lambda slice_: -slice_.norm) if order is Order.NORM else found


def _four(shape: torch.Size) -> tuple[int, int, int, int]:
    filters, slices, rows, columns = shape
    return filters, slices, rows, columns
