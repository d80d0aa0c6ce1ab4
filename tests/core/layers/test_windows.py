import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LayerError
from core.layers.windows import output_size, same_padding, span


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.integers(0, 5),
    dilation=st.integers(1, 4),
)
def test_output_size_counts_the_positions_where_the_window_fits(size, kernel, stride, padding, dilation):
    taps = range(0, span(kernel, dilation), dilation)
    axis = range(size + 2 * padding)
    positions = [start for start in axis[::stride] if all(start + tap in axis for tap in taps)]
    if positions:
        assert output_size(size, kernel, stride, padding, dilation) == len(positions)
    else:
        with pytest.raises(LayerError, match="larger than the map"):
            output_size(size, kernel, stride, padding, dilation)


@given(size=st.integers(1, 40), kernel=st.integers(1, 9), dilation=st.integers(1, 4))
def test_same_padding_keeps_the_size(size, kernel, dilation):
    before, after = same_padding(kernel, dilation)
    assert output_size(size + before + after, kernel, dilation=dilation) == size
    assert after - before in (0, 1)


def test_error_names_the_numbers():
    with pytest.raises(LayerError) as caught:
        output_size(2, kernel=5, padding=1)
    assert caught.value.expected == "a window of at most 4 pixels (2 + 2 × 1 of padding)"
    assert caught.value.found == "5 pixels"


def test_error_explains_a_dilated_window():
    with pytest.raises(LayerError) as caught:
        output_size(4, kernel=3, dilation=2)
    assert caught.value.found == "5 pixels (kernel 3, dilation 2)"


@pytest.mark.parametrize(
    ("setting", "value"), [("kernel", 0), ("stride", 0), ("dilation", 0), ("padding", -1)]
)
def test_numbers_below_their_least_value_are_named(setting, value):
    settings = {"kernel": 3, setting: value}
    with pytest.raises(LayerError, match=f"The {setting} is too small"):
        output_size(8, **settings)
