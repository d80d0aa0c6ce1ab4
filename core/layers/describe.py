"""A layer in words: the settings that a table shows beside its name."""

from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from core.layers.shapes import Pair, pair_text


def layer_name(layer: Layer) -> str:
    """The layer's class in torch.nn."""
    return layer.function if isinstance(layer, Activation) else type(layer).__name__


def settings_text(layer: Layer) -> str:
    """Settings in a few words, such as "16 → 32, 3×3, padding 1"; values at their defaults are left out."""
    match layer:
        case Conv2d():
            parts = [f"{layer.in_channels} → {layer.out_channels}", pair_text(layer.kernel)]
            parts += _unless("stride", layer.stride, (1, 1))
            parts += (
                ["padding same"] if layer.padding == "same" else _unless("padding", layer.padding, (0, 0))
            )
            parts += _unless("dilation", layer.dilation, (1, 1))
            parts += [] if layer.bias else ["no bias"]
            return ", ".join(parts)
        case MaxPool2d():
            parts = [pair_text(layer.kernel), *_unless("stride", layer.stride, layer.kernel)]
            parts += _unless("padding", layer.padding, (0, 0)) + _unless("dilation", layer.dilation, (1, 1))
            return ", ".join(parts)
        case AvgPool2d():
            parts = [pair_text(layer.kernel), *_unless("stride", layer.stride, layer.kernel)]
            return ", ".join(parts + _unless("padding", layer.padding, (0, 0)))
        case AdaptiveAvgPool2d():
            return f"to {pair_text(layer.output)}"
        case Linear():
            return f"{layer.in_features} → {layer.out_features}" + ("" if layer.bias else ", no bias")
        case BatchNorm2d():
            return f"{layer.channels} channels"
        case Dropout():
            return f"p = {layer.probability:g}"
        case _:
            return ""


def _unless(name: str, value: Pair, default: Pair) -> list[str]:
    if value == default:
        return []
    return [f"{name} {value[0]}" if value[0] == value[1] else f"{name} {pair_text(value)}"]
