"""How many bytes the maps of a network take: while it predicts, and what training keeps for the way back.

What is kept is what PyTorch's autograd saves in training on the processor, to the byte; weights, gradients,
the optimizer and a library's own working space come on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from math import prod
from typing import Protocol, runtime_checkable

from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode

INDEX = 8  # bytes of an int64

KEEP_OUTPUT = {"ReLU", "Tanh", "Sigmoid", "Softmax", "Softmax2d", "LogSoftmax"}
KEEP_A_MAP_OF_THEIR_OWN = {"Softsign", "LogSigmoid", "Tanhshrink"}
WHOLE_CHANNELS = {"Dropout1d", "Dropout2d"}


class Dtype(StrEnum):
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT64 = "float64"

    @property
    def bytes(self) -> int:
        """Bytes of one number."""
        return {"float64": 8, "float32": 4}.get(self.value, 2)


@dataclass(frozen=True)
class Kept:
    """What one layer keeps for the way back: its input, its output, and values of its own."""

    input: bool = False
    output: bool = False
    values: int = 0  # a picture
    indices: int = 0  # whole numbers a picture: where each maximum was
    statistics: int = 0  # values whatever the batch

    def own_bytes(self, batch: int, dtype: Dtype) -> int:
        """Bytes besides the layer's input and output."""
        return batch * (self.values * dtype.bytes + self.indices * INDEX) + self.statistics * dtype.bytes


@runtime_checkable
class Keeping(Protocol):
    """A layer of another module that says itself what it keeps."""

    def kept(self, input_shape: Shape) -> Kept: ...


class Row(Protocol):
    """A layer of a network as `walk_memory` needs to know it; see core.models.walk.LayerRow."""

    @property
    def input(self) -> Shape: ...
    @property
    def output(self) -> Shape: ...
    @property
    def record(self) -> Layer | None: ...
    @property
    def sources(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class WalkMemory:
    """Bytes of a batch's maps: the most that predicting holds at once, and all that training keeps."""

    inference: int
    training: int
    peak: int  # index of the row that needs the most while predicting


def activation_bytes(shape: Shape, batch: int, dtype: Dtype) -> int:
    """Bytes of a batch of maps of `shape`."""
    return prod(shape) * batch * dtype.bytes


def inference_bytes(layer: Layer, input_shape: Shape, batch: int, dtype: Dtype) -> int:
    """Held while the layer runs: what comes in and what comes out (one and the same where it only passes on).

    Raises:
        LayerError: the layer can't be built on `input_shape`.
    """
    output = layer.output_shape(input_shape)
    incoming = activation_bytes(input_shape, batch, dtype)
    if _passes_on(layer, training=False):
        return incoming
    return incoming + activation_bytes(output, batch, dtype)


def training_bytes(layer: Layer, input_shape: Shape, batch: int, dtype: Dtype) -> int:
    """Kept by the layer for the way back.

    Raises:
        LayerError: the layer can't be built on `input_shape`.
    """
    kept, output = kept_for_backward(layer, input_shape), layer.output_shape(input_shape)
    incoming = kept.input * activation_bytes(input_shape, batch, dtype)
    return incoming + kept.output * activation_bytes(output, batch, dtype) + kept.own_bytes(batch, dtype)


def kept_for_backward(layer: Layer, input_shape: Shape, *, from_picture: bool = False) -> Kept:
    """What PyTorch saves when the layer runs in training.

    `from_picture` says that nothing learnable stands before the layer, so that only its own weights need
    gradients.

    Raises:
        LayerError: the layer can't be built on `input_shape`.
    """
    output = layer.output_shape(input_shape)
    if from_picture and not layer.parameters:
        return Kept()
    match layer:
        case Conv1d() | Conv2d():
            return _kept_by_convolution(layer, input_shape, from_picture)
        case ConvTranspose2d() | Linear() | AvgPool1d() | AvgPool2d():
            return Kept(input=True)
        case BatchNorm1d() | BatchNorm2d():
            return Kept(input=True, statistics=2 * layer.channels)
        case MaxPool1d() | MaxPool2d() | AdaptiveMaxPool2d():
            return Kept(input=True, indices=prod(output))
        case AdaptiveAvgPool1d() | AdaptiveAvgPool2d():
            return Kept(input=any(side > 1 for side in output[1:]))
        case Dropout() if 0 < layer.probability < 1:
            channels = layer.function in WHOLE_CHANNELS
            return Kept(values=input_shape[0] if channels else prod(input_shape))
        case Activation():
            return _kept_by_activation(layer.function, prod(input_shape))
        case Keeping():
            return layer.kept(input_shape)
    return Kept()


def walk_memory(
    rows: Sequence[Row], input_shape: Shape, batch: int = 1, dtype: Dtype = Dtype.FLOAT32
) -> WalkMemory:
    """A whole network's maps, one that several layers use counted once.

    Rows without a record, such as an addition, keep nothing for the way back.
    """
    shapes = {-1: input_shape, **{index: row.output for index, row in enumerate(rows)}}
    sizes = {index: activation_bytes(shape, batch, dtype) for index, shape in shapes.items()}
    inference, peak = _most_held(rows, sizes)
    return WalkMemory(inference, _all_kept(rows, sizes, batch, dtype), peak)


def _most_held(rows: Sequence[Row], sizes: dict[int, int]) -> tuple[int, int]:
    """The most bytes of maps that are still needed at once, and at which row."""
    owners = _owners(rows, training=False)
    last_use = dict(owners)
    for index, row in enumerate(rows):
        for source in _sources(row, index):
            last_use[owners[source]] = index
    changes = [0] * (len(rows) + 1)
    for owner in set(owners.values()):
        changes[max(owner, 0)] += sizes[owner]
        changes[last_use[owner] + 1] -= sizes[owner]
    held = list(accumulate(changes[:-1]))
    most = max(held, default=sizes[-1])
    return most, held.index(most) if held else -1


def _all_kept(rows: Sequence[Row], sizes: dict[int, int], batch: int, dtype: Dtype) -> int:
    owners = _owners(rows, training=True)
    learned = {-1: False}  # whether something learnable stands before the map
    maps: set[int] = set()
    own = 0
    for index, row in enumerate(rows):
        sources = _sources(row, index)
        before = any(learned[source] for source in sources)
        learned[index] = before or bool(row.record and row.record.parameters)
        if row.record is None or not row.output:
            continue
        kept = kept_for_backward(row.record, row.input, from_picture=not before)
        maps |= {owners[source] for source in sources if kept.input}
        maps |= {index} if kept.output else set()
        own += kept.own_bytes(batch, dtype)
    return own + sum(sizes[owner] for owner in maps)


def _owners(rows: Sequence[Row], *, training: bool) -> dict[int, int]:
    """For each row, the one that made the memory that its output lies in; -1 is the picture."""
    owners = {-1: -1}
    for index, row in enumerate(rows):
        passes_on = row.record is not None and _passes_on(row.record, training=training)
        owners[index] = owners[_sources(row, index)[0]] if passes_on else index
    return owners


def _sources(row: Row, index: int) -> tuple[int, ...]:
    return row.sources or (index - 1,)


def _passes_on(layer: Layer, *, training: bool) -> bool:
    """Whether the output lies in the input's own memory."""
    if isinstance(layer, Dropout):
        return not training or layer.probability == 0
    return layer in (Flatten(), Activation("Identity"))


def _kept_by_convolution(layer: Conv1d | Conv2d, input_shape: Shape, from_picture: bool) -> Kept:
    """The input, or the padded copy of it that stands in for it where the padding isn't plain zeros."""
    windows = (layer.windows(input_shape),) if isinstance(layer, Conv1d) else layer.windows(input_shape)
    if layer.padding_mode != PaddingMode.ZEROS:
        padded = input_shape[0] * prod(axis.padded for axis in windows)
        copies = layer.padding_mode == PaddingMode.CIRCULAR or from_picture
        return Kept(input=not copies, values=padded)
    uneven = [axis.padding[1] - axis.padding[0] for axis in windows]
    if any(uneven):
        sides = (axis.size + more for axis, more in zip(windows, uneven, strict=True))
        return Kept(values=input_shape[0] * prod(sides))
    return Kept(input=True)


def _kept_by_activation(function: str, values: int) -> Kept:
    if function == "Identity":
        return Kept()
    if function in KEEP_OUTPUT:
        return Kept(output=True)
    own = values if function in KEEP_A_MAP_OF_THEIR_OWN else 0
    return Kept(input=function != "Tanhshrink", values=own)
