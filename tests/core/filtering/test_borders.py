import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LayerError
from core.filtering.borders import Border, axis, padded


@given(
    size=st.integers(1, 12),
    padding=st.integers(0, 11),
    border=st.sampled_from(Border),
    channels=st.integers(1, 3),
)
def test_padding_is_that_of_torch(size, padding, border, channels):
    maps = np.random.default_rng(size).normal(size=(channels, size, size + 1))
    around = (padding,) * 4
    if border is Border.REFLECT and padding >= size:
        with pytest.raises(RuntimeError):
            F.pad(torch.from_numpy(maps), around, mode=border)
        with pytest.raises(LayerError, match="too small for padding"):
            axis(size, 1, padding=padding, border=border)
        return
    expected = F.pad(torch.from_numpy(maps), around, mode=border).numpy()
    rows = axis(size, 1, padding=padding, border=border)
    columns = axis(size + 1, 1, padding=padding, border=border)
    np.testing.assert_array_equal(padded(maps, rows, columns), expected)


def test_every_tap_is_a_stride_from_its_last_place():
    along = axis(10, 3, stride=2, padding=1, dilation=2)
    assert along.positions == 4
    assert [list(range(12))[along.taps(tap)] for tap in range(3)] == [
        [0, 2, 4, 6],
        [2, 4, 6, 8],
        [4, 6, 8, 10],
    ]


@given(
    size=st.integers(1, 20), kernel=st.integers(1, 5), stride=st.integers(1, 6), dilation=st.integers(1, 3)
)
def test_seen_are_the_pixels_that_a_gradient_reaches(size, kernel, stride, dilation):
    if dilation * (kernel - 1) + 1 > size:
        with pytest.raises(LayerError, match="larger than the map"):
            axis(size, kernel, stride, dilation=dilation)
        return
    pixels = torch.zeros(1, 1, size, requires_grad=True)
    F.conv1d(pixels, torch.ones(1, 1, kernel), stride=stride, dilation=dilation).sum().backward()
    assert axis(size, kernel, stride, dilation=dilation).seen.tolist() == (pixels.grad[0, 0] > 0).tolist()
