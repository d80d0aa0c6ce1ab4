import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.filtering.kernels import (
    ChannelMix,
    Kernel,
    KernelName,
    for_colors,
    kernel_text,
    named_kernel,
    random_kernel,
    typed_kernel,
)

PRINTED = {  # as in textbooks
    KernelName.IDENTITY: ("0 0 0; 0 1 0; 0 0 0", 1),
    KernelName.BLUR: ("1 1 1; 1 1 1; 1 1 1", 9),
    KernelName.GAUSSIAN: ("1 2 1; 2 4 2; 1 2 1", 16),
    KernelName.SHARPEN: ("0 -1 0; -1 5 -1; 0 -1 0", 1),
    KernelName.SOBEL_X: ("-1 0 1; -2 0 2; -1 0 1", 1),
    KernelName.SOBEL_Y: ("-1 -2 -1; 0 0 0; 1 2 1", 1),
    KernelName.LAPLACIAN: ("0 1 0; 1 -4 1; 0 1 0", 1),
    KernelName.EMBOSS: ("-2 -1 0; -1 1 1; 0 1 2", 1),
    KernelName.OUTLINE: ("-1 -1 -1; -1 8 -1; -1 -1 -1", 1),
}
SUM_OF_NONE = {KernelName.SOBEL_X, KernelName.SOBEL_Y, KernelName.LAPLACIAN, KernelName.OUTLINE}


@pytest.mark.parametrize("name", KernelName)
def test_at_size_three_a_kernel_is_the_one_that_textbooks_print(name):
    kernel = named_kernel(name)
    assert (kernel_text(kernel), kernel.divisor) == PRINTED[name]


@pytest.mark.parametrize("name", KernelName)
@pytest.mark.parametrize("size", [3, 5, 7, 9, 11])
def test_on_an_even_grey_wall_edges_are_nothing_and_pictures_stay(name, size):
    kernel = named_kernel(name, size)
    assert kernel.size == (size, size)
    assert kernel.values.sum() == pytest.approx(0 if name in SUM_OF_NONE else 1)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_ramp_has_one_slope_for_every_size_of_sobel(size):
    ramp = np.arange(size, dtype=float)
    assert (named_kernel(KernelName.SOBEL_X, size).values[0] * ramp).sum() > 0
    assert (named_kernel(KernelName.SOBEL_Y, size).values[0] * ramp).sum() == pytest.approx(0)


@pytest.mark.parametrize("size", [1, 2, 4, 13])
def test_a_size_without_a_middle_is_refused(size):
    with pytest.raises(ConfigError, match="needs a middle"):
        named_kernel(KernelName.BLUR, size)


def test_a_seed_draws_one_kernel():
    first, same, other = (random_kernel(seed, 5, 3).weights for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, same)
    assert first.shape == (3, 5, 5)
    assert not np.array_equal(first, other)
    assert abs(first).max() <= 5


@pytest.mark.parametrize("mix", ChannelMix)
def test_slices_for_colours_are_the_flat_kernel_in_shares(mix):
    flat = named_kernel(KernelName.BLUR)
    kernel = for_colors(flat, mix)
    positive = kernel.values.sum((1, 2)).clip(0).sum()
    assert kernel.weights.shape == (3, 3, 3)
    assert positive == pytest.approx(1)


@given(
    weights=st.integers(1, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(-9999, 9999).map(lambda n: n / 8), min_size=columns, max_size=columns),
            min_size=1,
            max_size=4,
        )
    ),
    slices=st.sampled_from([1, 3]),
)
def test_weights_are_read_as_they_are_written(weights, slices):
    kernel = Kernel(np.array([weights] * slices, float))
    np.testing.assert_array_equal(typed_kernel(kernel_text(kernel)).weights, kernel.weights)


def test_rows_may_end_with_lines_and_weights_with_commas():
    np.testing.assert_array_equal(typed_kernel("1, 2\n−3 4.5\n").weights, [[[1, 2], [-3, 4.5]]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "rectangle"),
        (";", "rectangle"),
        ("1 2; 3", "rectangle"),
        ("1 | 2", "rectangle"),
        ("1 | 2 3 | 4", "rectangle"),
        ("1 x", "no number"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("1e9", "no number"),
        ("1 " * 12, "too large"),
        ("1;" * 12, "too large"),
        ("__import__('os')", "no number"),
    ],
)
def test_what_is_no_kernel_is_refused_with_a_reason(text, words):
    with pytest.raises(ConfigError, match=words):
        typed_kernel(text)


@pytest.mark.parametrize("divisor", [0.0, 1e-308, -1e300, float("nan"), float("inf")])
def test_nothing_is_divided_by_nothing(divisor):
    with pytest.raises(ConfigError, match="divided"):
        typed_kernel("1", divisor)
