import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LayerError
from core.layers.windows import PaddingMode, Windows, same_padding, span

NUMPY_NAMES = {PaddingMode.REFLECT: "reflect", PaddingMode.REPLICATE: "edge", PaddingMode.CIRCULAR: "wrap"}


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.integers(0, 5),
    dilation=st.integers(1, 4),
)
def test_positions_are_those_the_positions_where_the_window_fits(size, kernel, stride, padding, dilation):
    taps = range(0, span(kernel, dilation), dilation)
    axis = range(size + 2 * padding)
    positions = [start for start in axis[::stride] if all(start + tap in axis for tap in taps)]
    if positions:
        windows = Windows(size, kernel, stride, (padding, padding), dilation)
        assert windows.positions == len(positions)
    else:
        with pytest.raises(LayerError, match="larger than the map"):
            Windows(size, kernel, stride, (padding, padding), dilation)


settings_of_an_axis = st.builds(
    dict,
    size=st.integers(1, 30),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 7),
    padding=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    dilation=st.integers(1, 4),
    ceil_mode=st.booleans(),
    mode=st.sampled_from(PaddingMode),
)


@settings(max_examples=500)
@given(values=settings_of_an_axis)
def test_pixels_unseen_and_skipped_are_those_that_a_sum_over_windows_leaves_out(values):
    try:
        windows = Windows(**values)
    except LayerError:
        return
    before, after = windows.padding
    mode = {"mode": "constant"} if windows.mode == PaddingMode.ZEROS else {"mode": NUMPY_NAMES[windows.mode]}
    padded = np.pad(np.arange(1, windows.size + 1), (before, after), **mode)
    ends = range(0, windows.positions * windows.stride, windows.stride)
    taps = {end + tap * windows.dilation for end in ends for tap in range(windows.kernel)}
    seen = {int(padded[tap]) for tap in taps if tap < len(padded)} - {0}
    unseen = [pixel for pixel in range(1, windows.size + 1) if pixel not in seen]
    at_end = windows.size - max(seen, default=0)
    assert windows.unseen_at_end == at_end
    assert windows.skipped == len(unseen) - at_end
    assert windows.beyond == max(0, max(taps) + 1 - len(padded))


@given(values=settings_of_an_axis)
def test_the_numbers_on_the_way_add_up(values):
    try:
        windows = Windows(**values)
    except LayerError:
        return
    assert windows.room == windows.size + sum(windows.padding) - windows.span
    assert windows.quotient * windows.stride == windows.room
    assert 0 <= abs(windows.rounded - windows.quotient) < 1
    assert windows.positions == windows.rounded + 1 - windows.dropped


@given(size=st.integers(1, 40), kernel=st.integers(1, 9), dilation=st.integers(1, 4))
def test_same_padding_keeps_the_size(size, kernel, dilation):
    before, after = same_padding(kernel, dilation)
    assert Windows(size, kernel, padding=(before, after), dilation=dilation).positions == size
    assert after - before in (0, 1)


def test_error_names_the_numbers():
    with pytest.raises(LayerError) as caught:
        Windows(2, kernel=5, padding=(1, 1))
    assert caught.value.expected == "a window of at most 4 pixels (2 + 2 × 1 of padding)"
    assert caught.value.found == "5 pixels"


def test_error_explains_a_dilated_window():
    with pytest.raises(LayerError) as caught:
        Windows(4, kernel=3, dilation=2)
    assert caught.value.found == "5 pixels (kernel 3, dilation 2)"


@pytest.mark.parametrize(
    ("setting", "value"), [("kernel", 0), ("stride", 0), ("dilation", 0), ("padding", (0, -1))]
)
def test_numbers_below_their_least_value_are_named(setting, value):
    settings = {"kernel": 3, setting: value}
    with pytest.raises(LayerError, match=f"The {setting} is too small"):
        Windows(8, **settings)
