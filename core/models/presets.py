"""Networks to start from, each with the picture size and colours that it is made for."""

from dataclasses import dataclass

from core.data.preprocessing import ColorMode
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, HiddenLayer, Pool


@dataclass(frozen=True)
class Preset:
    """`size` is (height, width) in pixels; with `any_size`, larger pictures suit it as well."""

    name: str
    words: str
    config: CnnConfig
    size: tuple[int, int]
    color: ColorMode
    any_size: bool = False


def _unpooled(filters: int) -> ConvBlock:
    return ConvBlock(filters, batch_norm=True, pool=Pool.NONE)


def _pooled(filters: int) -> ConvBlock:
    return ConvBlock(filters, batch_norm=True)


def _residual(filters: int, stride: int = 1) -> ConvBlock:
    return ConvBlock(filters, stride=stride, batch_norm=True, residual=True, pool=Pool.NONE)


DEFAULT_PRESET = "small-vgg"

PRESETS: dict[str, Preset] = {
    "small-vgg": Preset(
        "Small VGG-like",
        "Pairs of 3×3 convolutions with batch norm, the map halved and the filters doubled after each pair. "
        "A good start for most small pictures.",
        CnnConfig(
            (_unpooled(16), _pooled(16), _unpooled(32), _pooled(32), _pooled(64)),
            hidden=(HiddenLayer(64, dropout=0.2),),
        ),
        (32, 32),
        ColorMode.GREY,
        any_size=True,
    ),
    "lecture": Preset(
        "The lecture's CNN",
        "Three filters, pooling, two filters, pooling and one linear layer: small enough to follow by hand.",
        CnnConfig((ConvBlock(3), ConvBlock(2))),
        (100, 100),
        ColorMode.GREY,
    ),
    "lenet-5": Preset(
        "LeNet-5",
        "The network that read cheques in the 1990s (LeCun et al. 1998): 5×5 windows, tanh, average pooling.",
        CnnConfig(
            (
                ConvBlock(6, kernel=5, padding=0, activation=Activation.TANH, pool=Pool.AVERAGE),
                ConvBlock(16, kernel=5, padding=0, activation=Activation.TANH, pool=Pool.AVERAGE),
            ),
            hidden=(HiddenLayer(120, Activation.TANH), HiddenLayer(84, Activation.TANH)),
        ),
        (32, 32),
        ColorMode.GREY,
    ),
    "small-resnet": Preset(
        "Small ResNet-like",
        "Residual blocks: each adds what came in to what it computed, so that deep networks train well "
        "(He et al. 2016). Strides shrink the map, and an average over it takes the place of flattening.",
        CnnConfig(
            (
                _unpooled(16),
                _residual(16),
                _residual(16),
                _residual(32, stride=2),
                _residual(32),
                _residual(64, stride=2),
                _residual(64),
            ),
            head=Head.GLOBAL_AVERAGE,
        ),
        (32, 32),
        ColorMode.GREY,
        any_size=True,
    ),
}
