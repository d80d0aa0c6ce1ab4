from hypothesis import given
from hypothesis import strategies as st

from core.comparison.words import time_words
from core.figures.time_ticks import COARSE, FINE, MANY, time_ticks


def test_a_short_range_has_fine_ticks_and_a_long_one_coarse_ones() -> None:
    assert time_ticks(0.9, 25) == [1, 2, 5, 10, 20]
    assert time_ticks(0.05, 4000) == [0.1, 1, 10, 60, 600, 3600]


def test_every_tick_is_round_in_words() -> None:
    for tick in {*FINE, *COARSE} - {tick for tick in (*FINE, *COARSE) if tick > 3e6}:
        number, _ = time_words(tick).split()
        assert number.rstrip("0") in ("1", "2", "5"), tick


@given(st.floats(0.001, 1e5), st.floats(1, 1e6))
def test_ticks_lie_within_and_are_few(low: float, times: float) -> None:
    ticks = time_ticks(low, low * times)
    assert ticks == sorted(set(ticks))
    assert all(low <= tick <= low * times for tick in ticks)
    assert len(ticks) <= max(MANY, len(COARSE))
