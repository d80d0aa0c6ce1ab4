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
from core.models.pasted.values import Value, described, integer

LARGEST = 10**9
Made = Layer | Callable[[Shape], Layer]


def size(value: Value, what: str) -> int:
    """A whole number that a layer can have as `what`."""
    number = integer(value, what)
    if abs(number) > LARGEST:
        raise CodeRefused(f"{what} is too large.", found=f"{number:,}", fix="Use a smaller number.")
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
        groups=size(groups, "groups"),
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
        groups=size(groups, "groups"),
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
        groups=size(groups, "groups"),
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
        raise CodeRefused("nn.Flatten of some axes only can't be followed.", fix="Write nn.Flatten().")
    return Flatten()


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
    "LazyConv1d": _lazy(conv1d),
    "LazyConv2d": _lazy(conv2d),
    "LazyConvTranspose2d": _lazy(conv_transpose2d),
    "LazyBatchNorm1d": _lazy(_batch_norm(BatchNorm1d)),
    "LazyBatchNorm2d": _lazy(_batch_norm(BatchNorm2d)),
    "LazyLinear": lazy_linear,
    **{kind: _activation(kind) for kind in ACTIVATIONS},
    **{kind: _dropout(kind) for kind in DROPOUTS},
}
