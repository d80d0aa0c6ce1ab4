"""The layers of torch.nn that can be read, each by a function with PyTorch's own arguments."""

from collections.abc import Callable

from core.errors import CodeRefused
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.shapes import Shape
from core.models.pasted import window_layers as windows
from core.models.pasted.arguments import LARGEST, pair, positive, share, size
from core.models.pasted.natives import call_native
from core.models.pasted.operators import truth
from core.models.pasted.own_layers import (
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Pad,
    PixelShuffle,
    PReLU,
    Unflatten,
    Upsample,
)
from core.models.pasted.values import Value, described

Made = Layer | Callable[[Shape], Layer]


def linear(
    in_features: Value, out_features: Value, bias: Value = True, device: Value = None, dtype: Value = None
) -> Linear:
    return Linear(size(in_features, "in_features"), size(out_features, "out_features"), truth(bias))


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
    return Unflatten(tuple(positive(side, "A side of unflattened_size") for side in sides))


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


def lazy_linear(out_features: Value, bias: Value = True, device: Value = None, dtype: Value = None) -> Made:
    return lambda shape: linear(shape[-1], out_features, bias)


def _lazy(make: Callable[..., Layer]) -> Callable[..., Made]:
    def lazy(*arguments: Value, **named: Value) -> Made:
        call_native("The layer", make, [1, *arguments], named)
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
    "Conv1d": windows.conv1d,
    "Conv2d": windows.conv2d,
    "ConvTranspose2d": windows.conv_transpose2d,
    "MaxPool1d": windows.max_pool1d,
    "MaxPool2d": windows.max_pool2d,
    "AvgPool1d": windows.avg_pool1d,
    "AvgPool2d": windows.avg_pool2d,
    "AdaptiveAvgPool1d": windows.adaptive_avg_pool1d,
    "AdaptiveAvgPool2d": windows.adaptive_avg_pool2d,
    "AdaptiveMaxPool2d": windows.adaptive_max_pool2d,
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
    "ConvTranspose1d": windows.conv_transpose1d,
    "AdaptiveMaxPool1d": windows.adaptive_max_pool1d,
    "LazyConv1d": _lazy(windows.conv1d),
    "LazyConv2d": _lazy(windows.conv2d),
    "LazyConvTranspose2d": _lazy(windows.conv_transpose2d),
    "LazyBatchNorm1d": _lazy(_batch_norm(BatchNorm1d)),
    "LazyBatchNorm2d": _lazy(_batch_norm(BatchNorm2d)),
    "LazyLinear": lazy_linear,
    **{kind: _activation(kind) for kind in ACTIVATIONS},
    **{kind: _dropout(kind) for kind in DROPOUTS},
}
