"""The layers of a CnnConfig in order: what the walk counts, the builder builds and the code prints."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation as ActivationLayer
from core.layers.elementwise import Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.residual import Residual
from core.layers.shapes import MapShape, Shape
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, Pool

TORCH_NAMES = {
    Activation.RELU: "ReLU",
    Activation.LEAKY_RELU: "LeakyReLU",
    Activation.GELU: "GELU",
    Activation.TANH: "Tanh",
    Activation.SIGMOID: "Sigmoid",
}


@dataclass(frozen=True)
class Step:
    """One entry of the network: `name` is its module's, `part` is where it stands, such as "block 2"."""

    name: str
    part: str
    block: int | None  # counted from 0
    layer: Layer


def cnn_steps(config: CnnConfig, input_shape: MapShape, outputs: int) -> Iterator[Step]:
    """The network for pictures of `input_shape` (C, H, W), layer by layer.

    Raises:
        LayerError: when asked for the step after one that can't be built.
    """
    shape: Shape = input_shape
    channels = input_shape[0]
    for index, block in enumerate(config.blocks):
        for name, layer in _block_layers(block, channels, str(index + 1)):
            yield Step(name, f"block {index + 1}", index, layer)
            shape = layer.output_shape(shape)
        channels = block.filters
    yield from _head_steps(config, shape, outputs)


def _block_layers(block: ConvBlock, channels: int, number: str) -> Iterator[tuple[str, Layer]]:
    convolution = _convolution(block, channels)
    norm = BatchNorm2d(block.filters)
    if block.residual:
        yield f"residual{number}", _residual(block, convolution)
    else:
        yield f"conv{number}", convolution
        if block.batch_norm:
            yield f"norm{number}", norm
    if block.activation is not Activation.NONE:
        yield f"activation{number}", ActivationLayer(TORCH_NAMES[block.activation])
    window = (block.pool_size, block.pool_size)
    if block.pool is Pool.MAX:
        yield f"pool{number}", MaxPool2d(window, stride=window)
    elif block.pool is Pool.AVERAGE:
        yield f"pool{number}", AvgPool2d(window, stride=window)
    if block.dropout:
        yield f"dropout{number}", Dropout(block.dropout)


def _convolution(block: ConvBlock, channels: int) -> Conv2d:
    """The block's convolution; batch norm's shift makes a bias before it useless."""
    return Conv2d(
        channels,
        block.filters,
        kernel=(block.kernel, block.kernel),
        stride=(block.stride, block.stride),
        padding="same" if block.padding is None else (block.padding, block.padding),
        dilation=(block.dilation, block.dilation),
        bias=not block.batch_norm,
    )


def _residual(block: ConvBlock, convolution: Conv2d) -> Residual:
    """The skip is the identity, or a strided 1x1 convolution where channels or size change."""
    norm = (("norm", BatchNorm2d(block.filters)),) if block.batch_norm else ()
    main = (("conv", convolution), *norm)
    if convolution.in_channels == block.filters and block.stride == 1:
        return Residual(main)
    projection = Conv2d(
        convolution.in_channels,
        block.filters,
        kernel=(1, 1),
        stride=convolution.stride,
        bias=convolution.bias,
    )
    return Residual(main, (("conv", projection), *norm))


def _head_steps(config: CnnConfig, shape: Shape, outputs: int) -> Iterator[Step]:
    if config.head is Head.GLOBAL_AVERAGE:
        average = AdaptiveAvgPool2d((1, 1))
        yield Step("average", "head", None, average)
        shape = average.output_shape(shape)
    yield Step("flatten", "head", None, Flatten())
    (features,) = Flatten().output_shape(shape)
    for number, hidden in enumerate(config.hidden, start=1):
        part = f"hidden {number}"
        yield Step(f"hidden{number}", part, None, Linear(features, hidden.width))
        if hidden.activation is not Activation.NONE:
            layer = ActivationLayer(TORCH_NAMES[hidden.activation])
            yield Step(f"hidden{number}_activation", part, None, layer)
        if hidden.dropout:
            yield Step(f"hidden{number}_dropout", part, None, Dropout(hidden.dropout))
        features = hidden.width
    yield Step("output", "output", None, Linear(features, outputs))
