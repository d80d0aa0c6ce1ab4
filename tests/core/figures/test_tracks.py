"""What is drawn, against the gradients of PyTorch: which pixels an output value really depends on."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.figures.tracks import STILL, Track, runs, tracks_of
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.transposed import ConvTranspose2d

sizes, kernels, strides = st.integers(1, 12), st.integers(1, 5), st.integers(1, 5)
paddings, dilations = st.integers(0, 4), st.integers(1, 3)


def drawn(track: Track) -> list[set[int]]:
    """For each window, the pixels of the map that it touches."""
    return [
        {
            pixel
            for tap in (track.taps or range(length))
            if 0 <= (pixel := start + tap - track.margin[0]) < track.size
        }
        for start, length in track.windows
    ]


def dependence(module: nn.Module, size: int) -> list[set[int]]:
    """For each value of the output, the input values that it depends on."""
    for weight in module.parameters():
        nn.init.ones_(weight)
    jacobian = torch.autograd.functional.jacobian(module, torch.ones(1, 1, size)).reshape(-1, size)
    return [set(row.nonzero().flatten().tolist()) for row in jacobian]


@settings(max_examples=60)
@given(sizes, kernels, strides, paddings, dilations)
def test_a_convolution_draws_what_each_output_depends_on(size, kernel, stride, padding, dilation) -> None:
    try:
        rows, columns = tracks_of(Conv1d(1, 1, kernel, stride, padding, dilation), (1, size))
    except LayerError:
        assume(False)
    assert rows is STILL
    expected = dependence(nn.Conv1d(1, 1, kernel, stride, padding, dilation, bias=False), size)
    assert drawn(columns) == expected
    untouched = {pixel for start, length in columns.untouched for pixel in range(start, start + length)}
    assert untouched == set(range(size)) - set().union(*expected)
    assert columns.untouched_pixels == len(untouched)


@settings(max_examples=60)
@given(sizes, kernels, strides, paddings, dilations, st.integers(0, 4))
def test_a_transposed_convolution_draws_where_each_input_goes(
    size, kernel, stride, padding, dilation, more
) -> None:
    layer = ConvTranspose2d(1, 1, (1, kernel), (1, stride), (0, padding), (0, more), (1, dilation))
    try:
        _, columns = tracks_of(layer, (1, 1, size))
    except LayerError:
        assume(False)
    module = nn.ConvTranspose1d(1, 1, kernel, stride, padding, more, bias=False, dilation=dilation)
    by_output = dependence(module, size)
    expected = [{place for place, on in enumerate(by_output) if value in on} for value in range(size)]
    assert columns.size == len(by_output)
    assert drawn(columns) == expected
    assert columns.untouched_pixels == sum(not on for on in by_output)


@settings(max_examples=40)
@given(sizes, sizes)
def test_adaptive_pooling_draws_the_part_that_each_output_averages(size, output) -> None:
    _, columns = tracks_of(AdaptiveAvgPool2d((1, output)), (1, 1, size))
    assert drawn(columns) == dependence(nn.AdaptiveAvgPool1d(output), size)


@settings(max_examples=60)
@given(sizes, kernels, strides, st.integers(0, 2))
def test_average_pooling_in_ceil_mode_draws_what_each_output_averages(size, kernel, stride, padding) -> None:
    try:
        _, columns = tracks_of(
            AvgPool2d((1, kernel), (1, stride), (0, padding), ceil_mode=True), (1, 1, size)
        )
    except LayerError:
        assume(False)
    assert drawn(columns) == dependence(nn.AvgPool1d(kernel, stride, padding, ceil_mode=True), size)
    assert columns.whole == columns.size + 2 * padding + columns.beyond


def test_rows_and_columns_are_kept_apart() -> None:
    rows, columns = tracks_of(Conv2d(3, 8, (3, 5), (1, 2), (1, 0)), (3, 6, 11))
    assert (rows.cells, rows.whole, rows.margin) == (6, 8, (1, 1))
    assert (columns.cells, columns.whole, columns.windows[1]) == (4, 11, (2, 5))


def test_holes_of_a_dilated_window_are_no_taps() -> None:
    _, columns = tracks_of(MaxPool2d((1, 3), (1, 1), dilation=(1, 2)), (1, 1, 9))
    assert columns.taps == (0, 2, 4)


@pytest.mark.parametrize(("layer", "shape"), [(Linear(4, 2), (4,)), (Flatten(), (1, 2, 2))])
def test_a_layer_without_windows_has_no_tracks(layer, shape) -> None:
    assert tracks_of(layer, shape) is None


def test_runs_are_told_by_start_and_length() -> None:
    assert runs({9, 4, 5}) == ((4, 2), (9, 1))
    assert runs(set()) == ()
