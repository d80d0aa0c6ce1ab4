"""A layer in words: the settings that a table shows beside its name."""

from collections.abc import Sequence

from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.transposed import ConvTranspose2d

Setting = int | str | Sequence[int | None]


def layer_name(layer: Layer) -> str:
    """The layer's class in torch.nn."""
    return layer.function if isinstance(layer, Activation | Dropout) else type(layer).__name__


def settings_text(layer: Layer) -> str:
    """Settings in a few words, such as "16 → 32, 3×3, padding 1"; values at their defaults are left out."""
    match layer:
        case Conv1d() | Conv2d():
            parts = [f"{layer.in_channels} → {layer.out_channels}", _setting(layer.kernel)]
            parts += _unless("stride", layer.stride, 1) + _unless("padding", layer.padding, 0)
            parts += _unless("padding", str(layer.padding_mode), "zeros")
            parts += _unless("dilation", layer.dilation, 1) + _unless("groups", layer.groups, 1)
            parts += [] if layer.bias else ["no bias"]
        case ConvTranspose2d():
            parts = [f"{layer.in_channels} → {layer.out_channels}", _setting(layer.kernel)]
            parts += _unless("stride", layer.stride, 1) + _unless("padding", layer.padding, 0)
            parts += _unless("output padding", layer.output_padding, 0)
            parts += _unless("dilation", layer.dilation, 1) + _unless("groups", layer.groups, 1)
            parts += [] if layer.bias else ["no bias"]
        case MaxPool1d() | MaxPool2d():
            parts = [_setting(layer.kernel), *_unless("stride", layer.stride, layer.kernel)]
            parts += _unless("padding", layer.padding, 0) + _unless("dilation", layer.dilation, 1)
            parts += ["ceil mode"] if layer.ceil_mode else []
        case AvgPool1d() | AvgPool2d():
            parts = [_setting(layer.kernel), *_unless("stride", layer.stride, layer.kernel)]
            parts += _unless("padding", layer.padding, 0)
            parts += ["ceil mode"] if layer.ceil_mode else []
            parts += [] if layer.count_include_pad else ["padding not counted"]
        case AdaptiveAvgPool1d() | AdaptiveAvgPool2d() | AdaptiveMaxPool2d():
            parts = [f"to {_setting(layer.output)}"]
        case Linear():
            parts = [f"{layer.in_features} → {layer.out_features}", *([] if layer.bias else ["no bias"])]
        case BatchNorm1d() | BatchNorm2d():
            parts = [f"{layer.channels} channels", *([] if layer.affine else ["not affine"])]
        case Dropout():
            parts = [f"p = {layer.probability:g}"]
        case _:
            parts = []
    return ", ".join(parts)


def _setting(value: Setting) -> str:
    """(3, 5) as "3×5"; None, which keeps the input's side, as "kept"."""
    if isinstance(value, int | str):
        return str(value)
    return "×".join("kept" if side is None else str(side) for side in value)


def _unless(name: str, value: Setting, default: Setting) -> list[str]:
    """Name and value, equal numbers for both axes written once; nothing at the default."""
    if not isinstance(value, int | str) and value[0] == value[1] and value[0] is not None:
        value = value[0]
    if not isinstance(default, int | str) and default[0] == default[1] and default[0] is not None:
        default = default[0]
    return [] if value == default else [f"{name} {_setting(value)}"]
