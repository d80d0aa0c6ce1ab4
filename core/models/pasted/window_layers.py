"""Convolutions and pooling as torch.nn makes them, each a function with PyTorch's own arguments."""

from core.errors import CodeRefused
from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.transposed import ConvTranspose2d
from core.models.pasted.arguments import (
    no_indices,
    padding_mode_of,
    padding_of,
    pair,
    positive,
    sides_of,
    single,
    size,
)
from core.models.pasted.operators import truth
from core.models.pasted.own_layers import AlongRow
from core.models.pasted.values import Value


def conv2d(
    in_channels: Value,
    out_channels: Value,
    kernel_size: Value,
    stride: Value = 1,
    padding: Value = 0,
    dilation: Value = 1,
    groups: Value = 1,
    bias: Value = True,
    padding_mode: Value = "zeros",
    device: Value = None,
    dtype: Value = None,
) -> Conv2d:
    return Conv2d(
        size(in_channels, "in_channels"),
        size(out_channels, "out_channels"),
        kernel=pair(kernel_size, "kernel_size"),
        stride=pair(stride, "stride"),
        padding=padding_of(padding, pair),
        dilation=pair(dilation, "dilation"),
        bias=truth(bias),
        groups=positive(groups, "groups"),
        padding_mode=padding_mode_of(padding_mode),
    )


def conv1d(
    in_channels: Value,
    out_channels: Value,
    kernel_size: Value,
    stride: Value = 1,
    padding: Value = 0,
    dilation: Value = 1,
    groups: Value = 1,
    bias: Value = True,
    padding_mode: Value = "zeros",
    device: Value = None,
    dtype: Value = None,
) -> Conv1d:
    return Conv1d(
        size(in_channels, "in_channels"),
        size(out_channels, "out_channels"),
        kernel=single(kernel_size, "kernel_size"),
        stride=single(stride, "stride"),
        padding=padding_of(padding, single),
        dilation=single(dilation, "dilation"),
        groups=positive(groups, "groups"),
        bias=truth(bias),
        padding_mode=padding_mode_of(padding_mode),
    )


def conv_transpose2d(
    in_channels: Value,
    out_channels: Value,
    kernel_size: Value,
    stride: Value = 1,
    padding: Value = 0,
    output_padding: Value = 0,
    groups: Value = 1,
    bias: Value = True,
    dilation: Value = 1,
    padding_mode: Value = "zeros",
    device: Value = None,
    dtype: Value = None,
) -> ConvTranspose2d:
    if padding_mode != "zeros":
        raise CodeRefused('ConvTranspose2d knows padding_mode="zeros" only.', fix="Leave it out.")
    return ConvTranspose2d(
        size(in_channels, "in_channels"),
        size(out_channels, "out_channels"),
        kernel=pair(kernel_size, "kernel_size"),
        stride=pair(stride, "stride"),
        padding=pair(padding, "padding"),
        output_padding=pair(output_padding, "output_padding"),
        dilation=pair(dilation, "dilation"),
        groups=positive(groups, "groups"),
        bias=truth(bias),
    )


def conv_transpose1d(
    in_channels: Value,
    out_channels: Value,
    kernel_size: Value,
    stride: Value = 1,
    padding: Value = 0,
    output_padding: Value = 0,
    groups: Value = 1,
    bias: Value = True,
    dilation: Value = 1,
    padding_mode: Value = "zeros",
    device: Value = None,
    dtype: Value = None,
) -> AlongRow:
    kernel, step, cut = (
        single(kernel_size, "kernel_size"),
        single(stride, "stride"),
        single(padding, "padding"),
    )
    layer = ConvTranspose2d(
        size(in_channels, "in_channels"),
        size(out_channels, "out_channels"),
        kernel=(1, kernel),
        stride=(1, step),
        padding=(0, cut),
        output_padding=(0, single(output_padding, "output_padding")),
        dilation=(1, single(dilation, "dilation")),
        groups=positive(groups, "groups"),
        bias=truth(bias),
    )
    words = f"{layer.in_channels} → {layer.out_channels}, {kernel}, stride {step}, padding {cut}"
    return AlongRow(layer, words)


def max_pool2d(
    kernel_size: Value,
    stride: Value = None,
    padding: Value = 0,
    dilation: Value = 1,
    return_indices: Value = False,
    ceil_mode: Value = False,
) -> MaxPool2d:
    no_indices(return_indices)
    window = pair(kernel_size, "kernel_size")
    return MaxPool2d(
        window,
        stride=window if stride is None else pair(stride, "stride"),
        padding=pair(padding, "padding"),
        dilation=pair(dilation, "dilation"),
        ceil_mode=truth(ceil_mode),
    )


def max_pool1d(
    kernel_size: Value,
    stride: Value = None,
    padding: Value = 0,
    dilation: Value = 1,
    return_indices: Value = False,
    ceil_mode: Value = False,
) -> MaxPool1d:
    no_indices(return_indices)
    window = single(kernel_size, "kernel_size")
    return MaxPool1d(
        window,
        stride=window if stride is None else single(stride, "stride"),
        padding=single(padding, "padding"),
        dilation=single(dilation, "dilation"),
        ceil_mode=truth(ceil_mode),
    )


def avg_pool2d(
    kernel_size: Value,
    stride: Value = None,
    padding: Value = 0,
    ceil_mode: Value = False,
    count_include_pad: Value = True,
    divisor_override: Value = None,
) -> AvgPool2d:
    window = pair(kernel_size, "kernel_size")
    return AvgPool2d(
        window,
        stride=window if stride is None else pair(stride, "stride"),
        padding=pair(padding, "padding"),
        ceil_mode=truth(ceil_mode),
        count_include_pad=truth(count_include_pad),
    )


def avg_pool1d(
    kernel_size: Value,
    stride: Value = None,
    padding: Value = 0,
    ceil_mode: Value = False,
    count_include_pad: Value = True,
) -> AvgPool1d:
    window = single(kernel_size, "kernel_size")
    return AvgPool1d(
        window,
        stride=window if stride is None else single(stride, "stride"),
        padding=single(padding, "padding"),
        ceil_mode=truth(ceil_mode),
        count_include_pad=truth(count_include_pad),
    )


def adaptive_avg_pool2d(output_size: Value) -> AdaptiveAvgPool2d:
    return AdaptiveAvgPool2d(sides_of(output_size))


def adaptive_max_pool2d(output_size: Value, return_indices: Value = False) -> AdaptiveMaxPool2d:
    no_indices(return_indices)
    return AdaptiveMaxPool2d(sides_of(output_size))


def adaptive_avg_pool1d(output_size: Value) -> AdaptiveAvgPool1d:
    return AdaptiveAvgPool1d(single(output_size, "output_size"))


def adaptive_max_pool1d(output_size: Value, return_indices: Value = False) -> AlongRow:
    no_indices(return_indices)
    length = single(output_size, "output_size")
    return AlongRow(AdaptiveMaxPool2d((1, length)), f"to {length}")
