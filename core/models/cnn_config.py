"""A CNN as settings: blocks of convolution and pooling, then flattening or averaging, then linear layers."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.limits import check_range


class Activation(StrEnum):
    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    GELU = "gelu"
    TANH = "tanh"
    SIGMOID = "sigmoid"
    NONE = "none"


class Pool(StrEnum):
    MAX = "max"
    AVERAGE = "average"
    NONE = "none"


class Head(StrEnum):
    """What turns the last maps (C, H, W) into one vector."""

    FLATTEN = "flatten"
    GLOBAL_AVERAGE = "global_average"


@dataclass(frozen=True)
class ConvBlock:
    """Convolution -> batch norm -> (+ skip) -> activation -> pooling -> dropout; sizes in pixels.

    `padding` None is "same" as PyTorch's: the map keeps its size, at stride 1 only.
    With `residual`, the block's input is added before the activation, through a 1x1 convolution
    where shapes differ.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    padding: int | None = 1
    dilation: int = 1
    batch_norm: bool = False
    residual: bool = False
    activation: Activation = Activation.RELU
    pool: Pool = Pool.MAX
    pool_size: int = 2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_range("filters", self.filters, 1, 4096)
        check_range("kernel", self.kernel, 1, 63)
        check_range("stride", self.stride, 1, 32)
        check_range("dilation", self.dilation, 1, 32)
        check_range("pool size", self.pool_size, 1, 32)
        check_range("dropout", self.dropout, 0, 0.95)
        if self.padding is not None:
            check_range("padding", self.padding, 0, 64)


@dataclass(frozen=True)
class HiddenLayer:
    """Linear -> activation -> dropout."""

    width: int
    activation: Activation = Activation.RELU
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_range("hidden width", self.width, 1, 65536)
        check_range("dropout", self.dropout, 0, 0.95)


@dataclass(frozen=True)
class CnnConfig:
    """A whole CNN, but for its input shape and its number of outputs, which the data decide."""

    blocks: tuple[ConvBlock, ...] = field(default_factory=tuple)
    head: Head = Head.FLATTEN
    hidden: tuple[HiddenLayer, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        check_range("number of blocks", len(self.blocks), 0, 64)
        check_range("number of hidden layers", len(self.hidden), 0, 16)
