"""The layers of torch.nn that can be read, each a function with PyTorch's own arguments."""

from collections.abc import Callable

from core.errors import CodeRefused
from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Pair, Shape
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode
from core.models.pasted.operators import truth
from core.models.pasted.own_layers import (
    AlongRow,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Pad,
    PixelShuffle,
    PReLU,
    Unflatten,
    Upsample,
)
from core.models.pasted.values import Value, described, integer

LARGEST = 10**9
Made = Layer | Callable[[Shape], Layer]


def size(value: Value, what: str) -> int:
    """A whole number that a layer can have as `what`."""
    number = integer(value, what)
    if abs(number) > LARGEST:
        raise CodeRefused(f"{what} is too large.", found=f"{number:,}", fix="Use a smaller number.")
    return number


def _positive(value: Value, what: str) -> int:
    number = size(value, what)
    if number < 1:
        raise CodeRefused(f"{what} has to be at least 1.", found=str(number), fix="Use a positive number.")
    return number


def pair(value: Value, what: str) -> Pair:
    """A number for both axes, or one for the rows and one for the columns."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise CodeRefused(
                f"{what} has to be one number, or two: rows and columns.",
                found=described(value),
                fix=f"Write {what} as 3 or as (3, 5).",
            )
        return size(value[0], what), size(value[1], what)
    return size(value, what), size(value, what)


def single(value: Value, what: str) -> int:
    """The number of a layer along one axis, which PyTorch also takes as (n,)."""
    if isinstance(value, tuple | list) and len(value) == 1:
        return size(value[0], what)
    return size(value, what)


def share(value: Value, what: str) -> float:
    """A probability."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodeRefused(f"{what} has to be a number.", found=described(value), fix="Write it as 0.5.")
    return float(value)


def _mode(value: Value) -> PaddingMode:
    if value not in tuple(PaddingMode):
        modes = ", ".join(PaddingMode)
        raise CodeRefused(
            "This padding mode isn't known.", expected=modes, found=described(value), fix="Use one."
        )
    return PaddingMode(value)


def _padding(value: Value, read: Callable[[Value, str], Value]) -> Value:
    if isinstance(value, str):
        if value not in ("same", "valid"):
            found = described(value)
            raise CodeRefused('Padding is a number, "same" or "valid".', found=found, fix='Write "same".')
        return value
    return read(value, "padding")


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
        padding=_padding(padding, pair),
        dilation=pair(dilation, "dilation"),
        bias=truth(bias),
        groups=_positive(groups, "groups"),
        padding_mode=_mode(padding_mode),
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
        padding=_padding(padding, single),
        dilation=single(dilation, "dilation"),
        groups=_positive(groups, "groups"),
        bias=truth(bias),
        padding_mode=_mode(padding_mode),
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
        groups=_positive(groups, "groups"),
        bias=truth(bias),
    )


def linear(
    in_features: Value, out_features: Value, bias: Value = True, device: Value = None, dtype: Value = None
) -> Linear:
    return Linear(size(in_features, "in_features"), size(out_features, "out_features"), truth(bias))


def max_pool2d(
    kernel_size: Value,
    stride: Value = None,
    padding: Value = 0,
    dilation: Value = 1,
    return_indices: Value = False,
    ceil_mode: Value = False,
) -> MaxPool2d:
    _no_indices(return_indices)
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
    _no_indices(return_indices)
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


def _no_indices(return_indices: Value) -> None:
    if truth(return_indices):
        raise CodeRefused("Pooling that returns indices can't be followed.", fix="Leave return_indices out.")


def _sides(value: Value) -> tuple[int | None, int | None]:
    sides = value if isinstance(value, tuple | list) else (value, value)
    if len(sides) != 2:
        raise CodeRefused("output_size is one number, or two.", found=described(value), fix="Write (1, 1).")
    rows, columns = (None if side is None else size(side, "output_size") for side in sides)
    return rows, columns


def adaptive_avg_pool2d(output_size: Value) -> AdaptiveAvgPool2d:
    return AdaptiveAvgPool2d(_sides(output_size))


def adaptive_max_pool2d(output_size: Value, return_indices: Value = False) -> AdaptiveMaxPool2d:
    _no_indices(return_indices)
    return AdaptiveMaxPool2d(_sides(output_size))


def adaptive_avg_pool1d(output_size: Value) -> AdaptiveAvgPool1d:
    return AdaptiveAvgPool1d(single(output_size, "output_size"))


def _batch_norm(record: type[BatchNorm1d] | type[BatchNorm2d]) -> Callable[..., Layer]:
    def batch_norm(
        num_features: Value,
        eps: Value = 1e-5,
        momentum: Value = 0.1,
        affine: Value = True,
        track_running_stats: Value = True,
        device: Value = None,
        dtype: Value = None,
    ) -> Layer:
        return record(size(num_features, "num_features"), truth(affine))

    return batch_norm


def _dropout(kind: str) -> Callable[..., Dropout]:
    def dropout(p: Value = 0.5, inplace: Value = False) -> Dropout:
        return Dropout(share(p, "p"), kind)

    return dropout


def _activation(kind: str) -> Callable[..., Activation]:
    def activation(*settings: Value, **named: Value) -> Activation:
        return Activation(kind)

    return activation


def flatten(start_dim: Value = 1, end_dim: Value = -1) -> Flatten:
    if (start_dim, end_dim) != (1, -1):
        fix = "Write nn.Flatten(), which flattens each picture."
        raise CodeRefused("nn.Flatten of other axes can't be followed.", fix=fix)
    return Flatten()


def unflatten(dim: Value, unflattened_size: Value) -> Unflatten:
    sides = unflattened_size if isinstance(unflattened_size, tuple | list) else (unflattened_size,)
    if dim != 1:
        raise CodeRefused("nn.Unflatten of another axis than 1 can't be followed.", fix="Write dim=1.")
    return Unflatten(tuple(size(side, "unflattened_size") for side in sides))


def group_norm(
    num_groups: Value,
    num_channels: Value,
    eps: Value = 1e-5,
    affine: Value = True,
    device: Value = None,
    dtype: Value = None,
) -> GroupNorm:
    return GroupNorm(size(num_groups, "num_groups"), size(num_channels, "num_channels"), truth(affine))


def _instance_norm(axes: int) -> Callable[..., InstanceNorm]:
    def instance_norm(
        num_features: Value,
        eps: Value = 1e-5,
        momentum: Value = 0.1,
        affine: Value = False,
        track_running_stats: Value = False,
        device: Value = None,
        dtype: Value = None,
    ) -> InstanceNorm:
        return InstanceNorm(size(num_features, "num_features"), axes, truth(affine))

    return instance_norm


def layer_norm(
    normalized_shape: Value,
    eps: Value = 1e-5,
    elementwise_affine: Value = True,
    bias: Value = True,
    device: Value = None,
    dtype: Value = None,
) -> LayerNorm:
    sides = normalized_shape if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
    if not sides:
        raise CodeRefused("LayerNorm needs at least one side.", fix="Write nn.LayerNorm(features).")
    normalized = tuple(size(side, "normalized_shape") for side in sides)
    return LayerNorm(normalized, truth(elementwise_affine), truth(bias))


def prelu(num_parameters: Value = 1, init: Value = 0.25, device: Value = None, dtype: Value = None) -> PReLU:
    return PReLU(size(num_parameters, "num_parameters"))


SMOOTH = ("linear", "bilinear", "bicubic", "trilinear", "area")


def upsample(
    size: Value = None,
    scale_factor: Value = None,
    mode: Value = "nearest",
    align_corners: Value = None,
    recompute_scale_factor: Value = None,
    antialias: Value = False,
) -> Upsample:
    smooth = mode in SMOOTH
    if (size is None) is (scale_factor is None):
        raise CodeRefused("Upsampling needs either a size or a scale_factor.", fix="Write scale_factor=2.")
    if size is not None:
        return Upsample(size=pair(size, "size"), smooth=smooth)
    scales = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor, scale_factor)
    if len(scales) != 2:
        raise CodeRefused(
            "scale_factor is one number, or two.", found=described(scale_factor), fix="Write 2."
        )
    rows, columns = (share(scale, "scale_factor") for scale in scales)
    if not (0 < rows < LARGEST and 0 < columns < LARGEST):
        raise CodeRefused("scale_factor has to be above 0.", found=described(scale_factor), fix="Write 2.")
    return Upsample(scale=(rows, columns), smooth=smooth)


def _upsampling(mode: str) -> Callable[..., Upsample]:
    def upsampling(size: Value = None, scale_factor: Value = None) -> Upsample:
        return upsample(size, scale_factor, mode)

    return upsampling


def pixel_shuffle(upscale_factor: Value) -> PixelShuffle:
    return PixelShuffle(size(upscale_factor, "upscale_factor"))


def padded(padding: Value, mirrored: bool = False) -> Pad:
    """Padding of a map as PyTorch gives it: one number, or left, right, top and bottom."""
    sides = padding if isinstance(padding, tuple | list) else (padding,) * 4
    if len(sides) not in (2, 4):
        raise CodeRefused(
            "Padding is one number, or four: left, right, top, bottom.",
            found=described(padding),
            fix="Write (1, 1, 1, 1).",
        )
    numbers = [size(side, "padding") for side in sides]
    left, right, top, bottom = (*numbers, 0, 0)[:4]
    return Pad(left, right, top, bottom, mirrored)


def _pad(mirrored: bool) -> Callable[..., Pad]:
    def pad(padding: Value, value: Value = 0) -> Pad:
        return padded(padding, mirrored)

    return pad


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
        groups=_positive(groups, "groups"),
        bias=truth(bias),
    )
    words = f"{layer.in_channels} → {layer.out_channels}, {kernel}, stride {step}, padding {cut}"
    return AlongRow(layer, words)


def adaptive_max_pool1d(output_size: Value, return_indices: Value = False) -> AlongRow:
    _no_indices(return_indices)
    length = single(output_size, "output_size")
    return AlongRow(AdaptiveMaxPool2d((1, length)), f"to {length}")


def lazy_linear(out_features: Value, bias: Value = True, device: Value = None, dtype: Value = None) -> Made:
    return lambda shape: linear(shape[-1], out_features, bias)


def _lazy(make: Callable[..., Layer]) -> Callable[..., Made]:
    def lazy(*arguments: Value, **named: Value) -> Made:
        make(1, *arguments, **named)
        return lambda shape: make(shape[0], *arguments, **named)

    return lazy


ACTIVATIONS = (
    *(
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "RReLU",
        "ELU",
        "SELU",
        "CELU",
        "GELU",
        "SiLU",
        "Mish",
        "Tanh",
        "Sigmoid",
    ),
    *("Hardtanh", "Hardswish", "Hardsigmoid", "Softplus", "Softsign", "LogSigmoid", "Softmax", "LogSoftmax"),
    *("Softmin", "Softmax2d", "Tanhshrink", "Softshrink", "Hardshrink", "Threshold", "Identity"),
    *("LocalResponseNorm", "ChannelShuffle"),
)
DROPOUTS = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
LAYERS: dict[str, Callable[..., Made]] = {
    "Conv1d": conv1d,
    "Conv2d": conv2d,
    "ConvTranspose2d": conv_transpose2d,
    "MaxPool1d": max_pool1d,
    "MaxPool2d": max_pool2d,
    "AvgPool1d": avg_pool1d,
    "AvgPool2d": avg_pool2d,
    "AdaptiveAvgPool1d": adaptive_avg_pool1d,
    "AdaptiveAvgPool2d": adaptive_avg_pool2d,
    "AdaptiveMaxPool2d": adaptive_max_pool2d,
    "BatchNorm1d": _batch_norm(BatchNorm1d),
    "BatchNorm2d": _batch_norm(BatchNorm2d),
    "SyncBatchNorm": _batch_norm(BatchNorm2d),
    "Linear": linear,
    "Flatten": flatten,
    "Unflatten": unflatten,
    "GroupNorm": group_norm,
    "InstanceNorm1d": _instance_norm(1),
    "InstanceNorm2d": _instance_norm(2),
    "LayerNorm": layer_norm,
    "PReLU": prelu,
    "Upsample": upsample,
    "UpsamplingNearest2d": _upsampling("nearest"),
    "UpsamplingBilinear2d": _upsampling("bilinear"),
    "PixelShuffle": pixel_shuffle,
    "ZeroPad2d": _pad(False),
    "ConstantPad2d": _pad(False),
    "ReplicationPad2d": _pad(False),
    "ReflectionPad2d": _pad(True),
    "ConvTranspose1d": conv_transpose1d,
    "AdaptiveMaxPool1d": adaptive_max_pool1d,
    "LazyConv1d": _lazy(conv1d),
    "LazyConv2d": _lazy(conv2d),
    "LazyConvTranspose2d": _lazy(conv_transpose2d),
    "LazyBatchNorm1d": _lazy(_batch_norm(BatchNorm1d)),
    "LazyBatchNorm2d": _lazy(_batch_norm(BatchNorm2d)),
    "LazyLinear": lazy_linear,
    **{kind: _activation(kind) for kind in ACTIVATIONS},
    **{kind: _dropout(kind) for kind in DROPOUTS},
}
