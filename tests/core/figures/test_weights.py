import numpy as np
import pytest

from core.figures.palette import BLUE, GREY
from core.figures.weights import BINS, weight_figure


def test_every_weight_is_counted_once() -> None:
    weights = np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype(np.float32)
    (bars,) = weight_figure({"now": weights}).data
    assert len(bars.x) == BINS
    assert sum(bars.y) == weights.size
    width = bars.x[1] - bars.x[0]
    middle = np.abs(weights - bars.x[40]) < width / 2
    assert bars.y[40] == pytest.approx(middle.sum(), abs=1)
    assert not weight_figure({"now": weights}).layout.showlegend


def test_two_moments_have_the_same_bins_and_the_last_stands_out() -> None:
    initial, now = np.full((4, 1, 1, 1), 0.5), np.full((4, 1, 1, 1), -2.0)
    figure = weight_figure({"<b>initial</b>": initial, "now": now})
    first, second = figure.data
    assert list(first.x) == list(second.x)
    assert min(first.x) > -2 < 2 > max(first.x)
    assert (first.marker.color, second.marker.color) == (GREY, BLUE)
    assert figure.layout.showlegend
    assert "<b>" not in first.name
    assert first.x[np.argmax(first.y)] == pytest.approx(0.5, abs=4 / BINS)
    assert second.y[0] == 4


@pytest.mark.parametrize(
    ("weights", "counted"),
    [
        (np.zeros((2, 1, 3, 3), np.float32), 18),
        (np.array([np.nan, np.inf, 1.0], np.float32), 1),
        (np.full(4, np.nan, np.float32), 0),
    ],
)
def test_weights_that_are_all_zero_or_not_finite(weights: np.ndarray, counted: int) -> None:
    (bars,) = weight_figure({"now": weights}).data
    assert sum(bars.y) == counted
    assert np.isfinite(bars.x).all()
