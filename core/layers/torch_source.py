"""A layer as the PyTorch expression that makes it, such as nn.Conv2d(1, 16, kernel_size=3, padding=1)."""

from collections.abc import Sequence

from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.transposed import ConvTranspose2d

Setting = int | str | Sequence[int | None]


def torch_source(layer: Layer) -> str:
    """Source with torch.nn as `nn`; arguments at PyTorch's defaults are left out."""
    match layer:
        case Conv1d() | Conv2d():
            channels = [str(layer.in_channels), str(layer.out_channels)]
            options = {
                "kernel_size": _setting(layer.kernel),
                "stride": _unless(layer.stride, 1),
                "padding": _unless(layer.padding, 0),
                "dilation": _unless(layer.dilation, 1),
                "groups": _unless(layer.groups, 1),
                "bias": "" if layer.bias else "False",
                "padding_mode": _unless(str(layer.padding_mode), "zeros"),
            }
            return _call(type(layer).__name__, channels, options)
        case ConvTranspose2d():
            channels = [str(layer.in_channels), str(layer.out_channels)]
            options = {
                "kernel_size": _setting(layer.kernel),
                "stride": _unless(layer.stride, 1),
                "padding": _unless(layer.padding, 0),
                "output_padding": _unless(layer.output_padding, 0),
                "groups": _unless(layer.groups, 1),
                "bias": "" if layer.bias else "False",
                "dilation": _unless(layer.dilation, 1),
            }
            return _call("ConvTranspose2d", channels, options)
        case MaxPool1d() | MaxPool2d():
            options = {
                "stride": _unless(layer.stride, layer.kernel),
                "padding": _unless(layer.padding, 0),
                "dilation": _unless(layer.dilation, 1),
                "ceil_mode": "True" if layer.ceil_mode else "",
            }
            return _call(type(layer).__name__, [_setting(layer.kernel)], options)
        case AvgPool1d() | AvgPool2d():
            options = {
                "stride": _unless(layer.stride, layer.kernel),
                "padding": _unless(layer.padding, 0),
                "ceil_mode": "True" if layer.ceil_mode else "",
                "count_include_pad": "" if layer.count_include_pad else "False",
            }
            return _call(type(layer).__name__, [_setting(layer.kernel)], options)
        case AdaptiveAvgPool1d() | AdaptiveAvgPool2d() | AdaptiveMaxPool2d():
            return _call(type(layer).__name__, [_setting(layer.output)])
        case Linear():
            features = [str(layer.in_features), str(layer.out_features)]
            return _call("Linear", features, {"bias": "" if layer.bias else "False"})
        case BatchNorm1d() | BatchNorm2d():
            affine = {"affine": "" if layer.affine else "False"}
            return _call(type(layer).__name__, [str(layer.channels)], affine)
        case Dropout():
            return _call(layer.function, [repr(layer.probability)])
        case Activation():
            return _call(layer.function, [])
        case Flatten():
            return _call("Flatten", [])
    raise TypeError(f"no torch.nn source for {type(layer).__name__}")


def _call(name: str, arguments: list[str], optional: dict[str, str] | None = None) -> str:
    named = [f"{key}={value}" for key, value in (optional or {}).items() if value]
    return f"nn.{name}({', '.join(arguments + named)})"


def _setting(value: Setting) -> str:
    """A pair of equal numbers as one number, a word in double quotes."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int):
        return str(value)
    return str(value[0]) if value[0] == value[1] else str(tuple(value))


def _unless(value: Setting, default: Setting) -> str:
    written = _setting(value)
    return "" if written == _setting(default) else written
