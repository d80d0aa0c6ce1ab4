"""The arithmetic of a torch.nn module, and its settings in words where there is none."""

from typing import Any, cast

from torch import nn
from torchvision.ops import StochasticDepth

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d, MapPadding
from core.layers.describe import settings_text
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.shapes import Pair

ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softmax,
)
# They only arrange values.
ARRANGING = ("Identity", "Permute", "SwapAxes", "QuantStub", "DeQuantStub")


def record_of(module: nn.Module) -> Layer | None:
    """The layer of core.layers that computes as `module` does; None where there is none."""
    match module:
        case nn.Conv2d():
            return Conv2d(
                module.in_channels,
                module.out_channels,
                kernel=pair(module.kernel_size),
                stride=pair(module.stride),
                padding=cast(MapPadding, module.padding),
                dilation=pair(module.dilation),
                bias=module.bias is not None,
                groups=module.groups,
            )
        case nn.Linear():
            return Linear(module.in_features, module.out_features, module.bias is not None)
        case nn.BatchNorm2d():
            return BatchNorm2d(module.num_features)
        case nn.MaxPool2d():
            return MaxPool2d(
                pair(module.kernel_size),
                stride=pair(module.stride),
                padding=pair(module.padding),
                dilation=pair(module.dilation),
                ceil_mode=module.ceil_mode,
            )
        case nn.AvgPool2d():
            return AvgPool2d(
                pair(module.kernel_size),
                stride=pair(module.stride),
                padding=pair(module.padding),
                ceil_mode=module.ceil_mode,
                count_include_pad=module.count_include_pad,
            )
        case nn.AdaptiveAvgPool2d():
            return AdaptiveAvgPool2d(pair(module.output_size))
        case nn.Flatten(start_dim=1, end_dim=-1):
            return Flatten()
        case nn.Dropout():
            return Dropout(module.p)
        case _ if type(module) in ACTIVATIONS:
            return Activation(type(module).__name__)
    return None


def words_of(module: nn.Module | None, record: Layer | None) -> str:
    """The settings that a table shows beside the layer's name."""
    if record is not None:
        return settings_text(record)
    match module:
        case nn.LayerNorm():
            return f"{module.normalized_shape[-1]} channels"
        case nn.MultiheadAttention():
            return f"{module.embed_dim} channels, {module.num_heads} heads"
        case StochasticDepth():
            return f"p = {module.p:.2g}"
    return ""


def is_layer(module: nn.Module) -> bool:
    """Whether a call of `module` is one row, and not those of the modules in it."""
    if isinstance(module, nn.MultiheadAttention):
        return True
    return next(module.children(), None) is None


def changes_nothing(module: nn.Module) -> bool:
    """Whether `module` only passes values on, in another order perhaps."""
    match module:
        case nn.Dropout() | StochasticDepth():
            return module.p == 0
    return type(module).__name__ in ARRANGING


def pair(value: Any) -> Pair:
    """A setting of torch.nn, one number or two, as (rows, columns)."""
    rows, columns = value if isinstance(value, tuple) else (value, value)
    return rows, columns
