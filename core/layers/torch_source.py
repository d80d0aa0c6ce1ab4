"""A layer as the PyTorch expression that makes it, such as nn.Conv2d(1, 16, kernel_size=3, padding=1)."""

from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from core.layers.shapes import Pair


def torch_source(layer: Layer) -> str:
    """Source with torch.nn as `nn`; arguments at PyTorch's defaults are left out."""
    match layer:
        case Conv2d():
            padding = '"same"' if layer.padding == "same" else _pair(layer.padding)
            return _call(
                "Conv2d",
                [str(layer.in_channels), str(layer.out_channels)],
                {
                    "kernel_size": _pair(layer.kernel),
                    "stride": _unless(layer.stride, (1, 1)),
                    "padding": "" if padding == "0" else padding,
                    "dilation": _unless(layer.dilation, (1, 1)),
                    "bias": "" if layer.bias else "False",
                },
            )
        case MaxPool2d():
            optional = {
                "stride": _unless(layer.stride, layer.kernel),
                "padding": _unless(layer.padding, (0, 0)),
                "dilation": _unless(layer.dilation, (1, 1)),
            }
            return _call("MaxPool2d", [_pair(layer.kernel)], optional)
        case AvgPool2d():
            optional = {
                "stride": _unless(layer.stride, layer.kernel),
                "padding": _unless(layer.padding, (0, 0)),
            }
            return _call("AvgPool2d", [_pair(layer.kernel)], optional)
        case AdaptiveAvgPool2d():
            return _call("AdaptiveAvgPool2d", [_pair(layer.output)])
        case Linear():
            arguments = [str(layer.in_features), str(layer.out_features)]
            return _call("Linear", arguments, {"bias": "" if layer.bias else "False"})
        case BatchNorm2d():
            return _call("BatchNorm2d", [str(layer.channels)])
        case Dropout():
            return _call("Dropout", [repr(layer.probability)])
        case Activation():
            return _call(layer.function, [])
        case Flatten():
            return _call("Flatten", [])
    raise TypeError(f"no torch.nn source for {type(layer).__name__}")


def _call(name: str, arguments: list[str], optional: dict[str, str] | None = None) -> str:
    named = [f"{key}={value}" for key, value in (optional or {}).items() if value]
    return f"nn.{name}({', '.join(arguments + named)})"


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _unless(value: Pair, default: Pair) -> str:
    return "" if value == default else _pair(value)
