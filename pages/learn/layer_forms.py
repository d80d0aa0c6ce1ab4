"""The controls of each layer: all of its arguments, and what reaches it."""

from typing import Literal

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.sweep import Argument, Setting
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode
from pages.learn.layer_dials import Board
from pages.learn.layer_kinds import Kind


def setting_of(kind: Kind, board: Board) -> Setting:
    """Show the controls of `kind`, and take their values."""
    forms = {
        Kind.CONV2D: _conv2d,
        Kind.CONV1D: _conv1d,
        Kind.TRANSPOSED: _transposed,
        Kind.MAX_POOL: _max_pool,
        Kind.AVG_POOL: _avg_pool,
        Kind.ADAPTIVE: _adaptive,
        Kind.LINEAR: _linear,
        Kind.BATCH_NORM: _batch_norm,
        Kind.FLATTEN: _flatten,
    }
    return forms[kind](board)


def _conv2d(board: Board) -> Setting:
    inputs, outputs = board.number(Argument.IN_CHANNELS), board.number(Argument.OUT_CHANNELS)
    size, kernel = board.pair(Argument.SIZE), board.pair(Argument.KERNEL)
    stride, dilation = board.pair(Argument.STRIDE), board.pair(Argument.DILATION)
    named, mode = _padding_kind(board), _padding_mode(board)
    padding = named or board.pair(Argument.PADDING)
    groups, bias = board.number(Argument.GROUPS), _bias(board)
    layer = Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias, groups, mode)
    return Setting(layer, (inputs, *size))


def _conv1d(board: Board) -> Setting:
    inputs, outputs = board.number(Argument.IN_CHANNELS), board.number(Argument.OUT_CHANNELS)
    length, kernel = board.number(Argument.SIZE, "Input length"), board.number(Argument.KERNEL)
    stride, dilation = board.number(Argument.STRIDE), board.number(Argument.DILATION)
    named, mode = _padding_kind(board), _padding_mode(board)
    padding = named or board.number(Argument.PADDING)
    groups, bias = board.number(Argument.GROUPS), _bias(board)
    layer = Conv1d(inputs, outputs, kernel, stride, padding, dilation, groups, bias, mode)
    return Setting(layer, (inputs, length))


def _transposed(board: Board) -> Setting:
    inputs, outputs = board.number(Argument.IN_CHANNELS), board.number(Argument.OUT_CHANNELS)
    size, kernel = board.pair(Argument.SIZE), board.pair(Argument.KERNEL)
    stride, dilation = board.pair(Argument.STRIDE), board.pair(Argument.DILATION)
    padding, output_padding = board.pair(Argument.PADDING), board.pair(Argument.OUTPUT_PADDING)
    groups, bias = board.number(Argument.GROUPS), _bias(board)
    layer = ConvTranspose2d(inputs, outputs, kernel, stride, padding, output_padding, dilation, groups, bias)
    return Setting(layer, (inputs, *size))


def _max_pool(board: Board) -> Setting:
    size, kernel, stride, padding = _pool(board)
    dilation = board.pair(Argument.DILATION)
    layer = MaxPool2d(kernel, stride, padding, dilation, _ceil_mode(board))
    return Setting(layer, (board.number(Argument.IN_CHANNELS), *size))


def _avg_pool(board: Board) -> Setting:
    size, kernel, stride, padding = _pool(board)
    words = "The padding's zeros count in the mean: count_include_pad."
    ceil_mode, counted = _ceil_mode(board), board.switch("count_include_pad", True, "Count padding", words)
    layer = AvgPool2d(kernel, stride, padding, ceil_mode, counted)
    return Setting(layer, (board.number(Argument.IN_CHANNELS), *size))


def _adaptive(board: Board) -> Setting:
    size, output = board.pair(Argument.SIZE), board.pair(Argument.OUTPUT)
    return Setting(AdaptiveAvgPool2d(output), (board.number(Argument.IN_CHANNELS), *size))


def _linear(board: Board) -> Setting:
    inputs = board.number(Argument.IN_CHANNELS, "Input features")
    outputs = board.number(Argument.OUT_CHANNELS, "Output features")
    return Setting(Linear(inputs, outputs, _bias(board)), (inputs,))


def _batch_norm(board: Board) -> Setting:
    size, channels = board.pair(Argument.SIZE), board.number(Argument.IN_CHANNELS)
    affine = board.switch("affine", True, "Affine", "A learned scale and shift for each channel.")
    return Setting(BatchNorm2d(channels, affine), (channels, *size))


def _flatten(board: Board) -> Setting:
    size = board.pair(Argument.SIZE)
    return Setting(Flatten(), (board.number(Argument.IN_CHANNELS), *size))


def _pool(board: Board) -> list[tuple[int, int]]:
    return [board.pair(a) for a in (Argument.SIZE, Argument.KERNEL, Argument.STRIDE, Argument.PADDING)]


def _bias(board: Board) -> bool:
    return board.switch("bias", True, "Bias", "A learned number that is added to each output map.")


def _ceil_mode(board: Board) -> bool:
    words = "Round the output size up: a last window may reach over the edge."
    return board.switch("ceil_mode", False, "Ceil mode", words)


def _padding_kind(board: Board) -> Literal["same", "valid"] | None:
    """None where the padding is a number."""
    kind = board.dials.segmented_control(
        "Padding as",
        ("number", "same", "valid"),
        default="number",
        required=True,
        key="padding_kind",
        help='"same" keeps the size, at stride 1 only; "valid" is no padding.',
        bind="query-params",
    )
    return None if kind in ("number", None) else kind


def _padding_mode(board: Board) -> PaddingMode:
    mode = board.dials.selectbox(
        "Padding filled with",
        [str(mode) for mode in PaddingMode],
        key="padding_mode",
        help="Zeros, the map mirrored at its edge, its edge repeated, or its other side.",
        bind="query-params",
    )
    return PaddingMode(mode)
