import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from core.errors import LayerError
from core.filtering.borders import Border
from core.filtering.correlation import Sliding, apply_kernel
from core.filtering.kernels import ChannelMix, Kernel, KernelName, for_colors, named_kernel
from core.filtering.patterns import Pattern, pattern
from core.filtering.pictures import Photo, grey, lab_picture, photo

slidings = st.builds(
    Sliding,
    stride=st.integers(1, 8),
    padding=st.integers(0, 10),
    dilation=st.integers(1, 5),
    border=st.sampled_from(Border),
    true_convolution=st.booleans(),
)


def by_torch(picture: np.ndarray, kernel: Kernel, sliding: Sliding, bias: float) -> np.ndarray:
    weight = torch.from_numpy(kernel.values.copy())[None]
    if sliding.true_convolution:
        weight = weight.flip(-2, -1)
    pixels = torch.from_numpy(picture.astype(np.float64))[None]
    pixels = F.pad(pixels, (sliding.padding,) * 4, mode=sliding.border)
    shift = torch.tensor([bias], dtype=torch.float64)
    return F.conv2d(pixels, weight, shift, stride=sliding.stride, dilation=sliding.dilation)[0].numpy()


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(
    height=st.integers(8, 24),
    width=st.integers(8, 24),
    channels=st.sampled_from([1, 3]),
    taps=st.tuples(st.integers(1, 11), st.integers(1, 11)),
    divisor=st.sampled_from([1.0, 9.0, -2.5]),
    bias=st.floats(-300, 300),
    sliding=slidings,
)
def test_every_setting_gives_the_numbers_of_torch(height, width, channels, taps, divisor, bias, sliding):
    draw = np.random.default_rng(height * 100 + width)
    picture = draw.integers(0, 256, (channels, height, width), np.uint8)
    kernel = Kernel(draw.normal(size=(channels, *taps)), divisor)
    try:
        expected = by_torch(picture, kernel, sliding, bias)
    except RuntimeError:
        with pytest.raises(LayerError):
            apply_kernel(picture, kernel, sliding, bias)
        return
    filtered = apply_kernel(picture, kernel, sliding, bias)
    np.testing.assert_allclose(filtered.output, expected, rtol=0, atol=1e-6)
    assert filtered.output.shape[1:] == (filtered.rows.positions, filtered.columns.positions)


@pytest.mark.parametrize("name", KernelName)
@pytest.mark.parametrize("size", [3, 7])
def test_named_kernels_on_a_photo_in_colour(name, size):
    picture = lab_picture(photo(Photo.CHINA), 48)
    kernel = for_colors(named_kernel(name, size), ChannelMix.BLUE_YELLOW)
    sliding = Sliding(padding=size // 2, border=Border.REFLECT)
    output = apply_kernel(picture, kernel, sliding).output
    np.testing.assert_allclose(output, by_torch(picture, kernel, sliding, 0.0), rtol=0, atol=1e-6)
    assert output.shape == (1, 48, 48)


def test_one_white_pixel_tells_correlation_from_convolution():
    white = grey(pattern(Pattern.IMPULSE, 9)) // 255
    kernel = named_kernel(KernelName.EMBOSS)
    assert not np.array_equal(kernel.weights, kernel.turned().weights)
    around = slice(3, 6)
    correlated = apply_kernel(white, kernel, Sliding(padding=1)).output[0, around, around]
    convolved = apply_kernel(white, kernel, Sliding(padding=1, true_convolution=True)).output[
        0, around, around
    ]
    np.testing.assert_array_equal(correlated, kernel.weights[0, ::-1, ::-1])
    np.testing.assert_array_equal(convolved, kernel.weights[0])


def test_true_convolution_is_that_of_mathematics():
    picture = grey(lab_picture(photo(Photo.FLOWER), 20))
    kernel = named_kernel(KernelName.EMBOSS, 5)
    output = apply_kernel(picture, kernel, Sliding(true_convolution=True)).output[0]
    np.testing.assert_allclose(output, convolve2d(picture[0].astype(float), kernel.values[0], "valid"))


def test_a_kernel_for_colours_wants_colours():
    with pytest.raises(LayerError, match="a slice for each channel"):
        apply_kernel(np.zeros((1, 8, 8), np.uint8), Kernel(np.ones((3, 3, 3))), Sliding())


def test_a_window_without_room_is_refused():
    with pytest.raises(LayerError, match="larger than the map"):
        apply_kernel(np.zeros((1, 8, 8), np.uint8), Kernel(np.ones((1, 11, 11))), Sliding())
