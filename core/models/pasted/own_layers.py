"""Layers of torch.nn that only pasted code meets: further normalizations, resizing and rearranging.

Each answers what `core.layers.layer.Layer` asks, and what it does to the receptive field.
"""

from dataclasses import dataclass
from math import floor, prod

from core.errors import LayerError
from core.layers.adaptive import AdaptiveMaxPool2d
from core.layers.convolution import Conv2d
from core.layers.layer import Layer
from core.layers.memory import Kept
from core.layers.receptive import Reach, reach_after
from core.layers.shapes import Pair, Shape, check_channels_of, maps_of, sequence_of, shape_text
from core.layers.transposed import ConvTranspose2d


class OwnLayer:
    """Learns nothing and leaves the shape as it is, unless it says otherwise."""

    @property
    def parameters(self) -> int:
        return 0

    @property
    def settings(self) -> str:
        """As in `core.layers.describe.settings_text`."""
        return ""

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def macs(self, input_shape: Shape) -> int:
        return 0

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        """Reach of one value after the layer."""
        return before


@dataclass(frozen=True)
class PReLU(OwnLayer):
    """A ReLU whose slope below 0 is learned, one for all or one a channel."""

    slopes: int = 1

    @property
    def parameters(self) -> int:
        return self.slopes

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.slopes != 1:
            check_channels_of(input_shape, "PReLU", self.slopes)
        return input_shape

    def kept(self, input_shape: Shape) -> Kept:
        return Kept(input=True)


@dataclass(frozen=True)
class GroupNorm(OwnLayer):
    groups: int
    channels: int
    affine: bool = True

    @property
    def parameters(self) -> int:
        return 2 * self.channels * self.affine

    @property
    def settings(self) -> str:
        return f"{self.channels} channels, {self.groups} groups"

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.groups < 1 or self.channels % self.groups:
            raise LayerError(
                "The channels can't be shared out evenly among the groups.",
                expected=f"a divisor of {self.channels} channels",
                found=f"{self.groups} groups",
                fix="Choose groups that divide the channels.",
            )
        check_channels_of(input_shape, "GroupNorm", self.channels)
        return input_shape

    def kept(self, input_shape: Shape) -> Kept:
        return Kept(input=True, values=2 * self.groups)


@dataclass(frozen=True)
class InstanceNorm(OwnLayer):
    """Each map of each picture to mean 0 and variance 1; `axes` is 2 for maps, 1 for sequences."""

    channels: int
    axes: int = 2
    affine: bool = False

    @property
    def parameters(self) -> int:
        return 2 * self.channels * self.affine

    @property
    def settings(self) -> str:
        return f"{self.channels} channels"

    def output_shape(self, input_shape: Shape) -> Shape:
        channels = self.channels if self.affine else None
        if self.axes == 2:
            return maps_of(input_shape, "InstanceNorm2d", channels)
        return sequence_of(input_shape, "InstanceNorm1d", channels)

    def kept(self, input_shape: Shape) -> Kept:
        copied = self.channels if self.affine else 0  # the scale, once for each picture
        return Kept(input=True, values=2 * input_shape[0] + copied)


@dataclass(frozen=True)
class LayerNorm(OwnLayer):
    """Over the last axes, whose sides are `normalized`."""

    normalized: Shape
    affine: bool = True
    bias: bool = True

    @property
    def parameters(self) -> int:
        return prod(self.normalized) * (1 + self.bias) * self.affine

    @property
    def settings(self) -> str:
        return f"over {shape_text(self.normalized)}"

    def output_shape(self, input_shape: Shape) -> Shape:
        if input_shape[-len(self.normalized) :] != self.normalized:
            raise LayerError(
                "LayerNorm is made for other sides.",
                expected=f"{shape_text(self.normalized)} last",
                found=shape_text(input_shape),
                fix=f"Make it for {shape_text(input_shape[-len(self.normalized) :])}.",
            )
        return input_shape

    def kept(self, input_shape: Shape) -> Kept:
        return Kept(input=True, values=2 * prod(input_shape[: -len(self.normalized)]))


@dataclass(frozen=True)
class Upsample(OwnLayer):
    """To `size` (rows, columns), or by `scale`; `smooth` where each value is mixed from its neighbours."""

    size: Pair | None = None
    scale: tuple[float, float] | None = None
    smooth: bool = False

    @property
    def settings(self) -> str:
        if self.scale is None:
            return f"to {shape_text(self.size or ())}"
        rows, columns = (f"{scale:g}" for scale in self.scale)
        return f"by {rows}" if rows == columns else f"by {rows} × {columns}"

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, height, width = maps_of(input_shape, "Upsample")
        if self.scale is None:
            rows, columns = self.size or (height, width)
        else:
            rows, columns = floor(height * self.scale[0]), floor(width * self.scale[1])
        if min(rows, columns) < 1:
            raise LayerError(
                "No pixel is left of the map.",
                expected="an output of at least 1×1",
                found=f"{rows}×{columns}",
                fix="Use a larger size or scale.",
            )
        return channels, rows, columns

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        """As of the transposed convolution that does the same, where the scale is whole."""
        _, rows, columns = self.output_shape(input_shape)
        factors = rows // input_shape[1], columns // input_shape[2]
        if before is None or (factors[0] * input_shape[1], factors[1] * input_shape[2]) != (rows, columns):
            return None if before is None else Reach(None, before.stride)
        if not self.smooth:
            return _spread(before, factors, factors, (0, 0))
        kernels = tuple(2 * factor - factor % 2 for factor in factors)
        padding = tuple((kernel - factor) // 2 for kernel, factor in zip(kernels, factors, strict=True))
        return _spread(before, (kernels[0], kernels[1]), factors, (padding[0], padding[1]))


@dataclass(frozen=True)
class PixelShuffle(OwnLayer):
    """(C r², H, W) to (C, H r, W r)."""

    factor: int

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, height, width = maps_of(input_shape, "PixelShuffle")
        if self.factor < 1 or channels % self.factor**2:
            raise LayerError(
                "The channels don't make whole squares of pixels.",
                expected=f"a multiple of {self.factor**2} channels",
                found=str(channels),
                fix="Change the channels of the layer before it.",
            )
        return channels // self.factor**2, height * self.factor, width * self.factor

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        factors = self.factor, self.factor
        return None if before is None else _spread(before, factors, factors, (0, 0))


@dataclass(frozen=True)
class Pad(OwnLayer):
    """Pixels added (or cut off, where negative) at each side."""

    left: int
    right: int
    top: int
    bottom: int
    mirrored: bool = False

    @property
    def settings(self) -> str:
        sides = (self.left, self.right, self.top, self.bottom)
        return str(self.left) if len(set(sides)) == 1 else ", ".join(map(str, sides))

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) == 2 and self.top == self.bottom == 0:
            channels, _, length = self.output_shape((input_shape[0], 1, input_shape[1]))
            return channels, length
        channels, height, width = maps_of(input_shape, "Padding")
        rows, columns = height + self.top + self.bottom, width + self.left + self.right
        too_far = self.mirrored and (
            max(self.left, self.right) >= width or max(self.top, self.bottom) >= height
        )
        if min(rows, columns) < 1 or too_far:
            raise LayerError(
                "The map can't be padded like this.",
                expected="padding smaller than the map" if too_far else "at least one pixel left",
                found=f"{self.settings} on {height}×{width}",
                fix="Use less padding.",
            )
        return channels, rows, columns

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        shift = Conv2d(1, 1, kernel=(1, 1), padding=(max(self.top, 0), max(self.left, 0)))
        return reach_after(shift, before)


@dataclass(frozen=True)
class AlongRow(OwnLayer):
    """A layer for sequences (C, L), as the layer for maps that does the same on one row (C, 1, L)."""

    layer: ConvTranspose2d | AdaptiveMaxPool2d
    words: str

    @property
    def parameters(self) -> int:
        return self.layer.parameters

    @property
    def settings(self) -> str:
        return self.words

    def output_shape(self, input_shape: Shape) -> Shape:
        channels, length = sequence_of(input_shape, f"{type(self.layer).__name__[:-2]}1d")
        made, _, positions = self.layer.output_shape((channels, 1, length))
        return made, positions

    def macs(self, input_shape: Shape) -> int:
        channels, length = sequence_of(input_shape, "It")
        return self.layer.macs((channels, 1, length))

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        return reach_after(self.layer, before, (input_shape[0], 1, input_shape[-1]))


@dataclass(frozen=True)
class Unflatten(OwnLayer):
    """(N,) to (C, H, W)."""

    output: Shape

    @property
    def in_features(self) -> int:
        return prod(self.output)

    @property
    def settings(self) -> str:
        return f"to {shape_text(self.output)}"

    def output_shape(self, input_shape: Shape) -> Shape:
        if input_shape[:1] != (self.in_features,):
            raise LayerError(
                "The features can't be arranged like this.",
                expected=f"{self.in_features} features, of {shape_text(self.output)}",
                found=shape_text(input_shape),
                fix="Choose sizes whose product is the number of features.",
            )
        return *self.output, *input_shape[1:]

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        return None


@dataclass(frozen=True)
class Product(OwnLayer):
    """x * y, which needs both on the way back."""

    def kept(self, input_shape: Shape) -> Kept:
        return Kept(input=True)


@dataclass(frozen=True)
class View(OwnLayer):
    """x.view(-1, `in_features`), which with any other number of values would mix the pictures of a batch.

    With `keeps_batch` it is x.view(x.size(0), in_features), which fails.
    """

    in_features: int
    keeps_batch: bool = False

    def output_shape(self, input_shape: Shape) -> Shape:
        values = prod(input_shape)
        if values != self.in_features:
            first = "x.size(0)" if self.keeps_batch else "-1"
            what = "can't be done" if self.keeps_batch else "mixes the pictures of a batch, or fails"
            raise LayerError(
                f"view({first}, {self.in_features}) {what}.",
                expected=f"{self.in_features} values a picture",
                found=f"{values}, of {shape_text(input_shape)}",
                fix=f"Use view(x.size(0), -1), and make the next Linear take {values} features.",
            )
        return (self.in_features,)

    def reach(self, before: Reach | None, input_shape: Shape) -> Reach | None:
        return None


def reach_of(layer: Layer, before: Reach | None, input_shape: Shape) -> Reach | None:
    """Reach of one value after any layer that the reader knows, on what it can be built on."""
    if isinstance(layer, OwnLayer):
        return layer.reach(before, input_shape)
    return reach_after(layer, before, input_shape)


def _spread(before: Reach, kernel: Pair, stride: Pair, padding: Pair) -> Reach | None:
    return reach_after(ConvTranspose2d(1, 1, kernel=kernel, stride=stride, padding=padding), before)
