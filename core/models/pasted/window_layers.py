"""Convolutions and pooling as torch.nn makes them, each a function with PyTorch's own arguments."""

from collections.abc import Callable

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

Read = Callable[[Value, str], Value]  # a setting of one axis, or of two


def _convolution(record: type[Conv1d] | type[Conv2d], read: Read) -> Callable[..., Conv1d | Conv2d]:
    def convolution(
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
    ) -> Conv1d | Conv2d:
        return record(
            size(in_channels, "in_channels"),
            size(out_channels, "out_channels"),
            kernel=read(kernel_size, "kernel_size"),
            stride=read(stride, "stride"),
            padding=padding_of(padding, read),
            dilation=read(dilation, "dilation"),
            bias=truth(bias),
            groups=positive(groups, "groups"),
            padding_mode=padding_mode_of(padding_mode),
        )

    return convolution


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
    kernel, step = single(kernel_size, "kernel_size"), single(stride, "stride")
    cut, extra = single(padding, "padding"), single(output_padding, "output_padding")
    apart = single(dilation, "dilation")
    layer = conv_transpose2d(
        in_channels,
        out_channels,
        (1, kernel),
        (1, step),
        (0, cut),
        (0, extra),
        groups,
        bias,
        (1, apart),
        padding_mode,
    )
    words = f"{layer.in_channels} → {layer.out_channels}, {kernel}, stride {step}, padding {cut}"
    return AlongRow(layer, words)


def _max_pool(record: type[MaxPool1d] | type[MaxPool2d], read: Read) -> Callable[..., MaxPool1d | MaxPool2d]:
    def max_pool(
        kernel_size: Value,
        stride: Value = None,
        padding: Value = 0,
        dilation: Value = 1,
        return_indices: Value = False,
        ceil_mode: Value = False,
    ) -> MaxPool1d | MaxPool2d:
        no_indices(return_indices)
        window = read(kernel_size, "kernel_size")
        return record(
            window,
            stride=window if stride is None else read(stride, "stride"),
            padding=read(padding, "padding"),
            dilation=read(dilation, "dilation"),
            ceil_mode=truth(ceil_mode),
        )

    return max_pool


def _average_pool(
    record: type[AvgPool1d] | type[AvgPool2d], read: Read
) -> Callable[..., AvgPool1d | AvgPool2d]:
    def average_pool(
        kernel_size: Value,
        stride: Value = None,
        padding: Value = 0,
        ceil_mode: Value = False,
        count_include_pad: Value = True,
        divisor_override: Value = None,
    ) -> AvgPool1d | AvgPool2d:
        window = read(kernel_size, "kernel_size")
        return record(
            window,
            stride=window if stride is None else read(stride, "stride"),
            padding=read(padding, "padding"),
            ceil_mode=truth(ceil_mode),
            count_include_pad=truth(count_include_pad),
        )

    return average_pool


conv1d, conv2d = _convolution(Conv1d, single), _convolution(Conv2d, pair)
max_pool1d, max_pool2d = _max_pool(MaxPool1d, single), _max_pool(MaxPool2d, pair)
avg_pool1d, avg_pool2d = _average_pool(AvgPool1d, single), _average_pool(AvgPool2d, pair)


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
