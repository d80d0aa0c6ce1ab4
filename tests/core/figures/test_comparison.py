import math

import pytest

from core.comparison.intervals import Estimate
from core.comparison.learning_curve import CurvePoint
from core.comparison.scores import Score
from core.figures.comparison import (
    Scored,
    learning_curve_figure,
    score_figure,
    time_figure,
)

RUNS = [Scored("<b>A</b>", Estimate(0.9, 0.85, 0.93), 10.0), Scored("B", Estimate(0.7, 0.6, 0.8), None)]


def test_dots_stand_at_their_scores_with_whiskers_to_both_ends() -> None:
    figure = score_figure(RUNS, Score.ACCURACY)
    first = figure.data[0]
    assert first.x[0] == pytest.approx(90)
    assert first.error_x.array[0] == pytest.approx(3)
    assert first.error_x.arrayminus[0] == pytest.approx(5)
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;A&lt;/b&gt;", "B")
    assert "more is better" in figure.layout.xaxis.title.text
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first on top


def test_a_log_loss_is_no_share() -> None:
    figure = score_figure(RUNS, Score.LOG_LOSS)
    assert figure.data[0].x[0] == 0.9
    assert "nats" in figure.layout.xaxis.title.text
    assert "less is better" in figure.layout.xaxis.title.text


def test_time_is_logarithmic_and_leaves_out_what_is_not_known() -> None:
    figure = time_figure([*RUNS, Scored("C", Estimate(0.5, 0.4, 0.6), 3600.0)])
    assert [trace.name for trace in figure.data] == ["&lt;b&gt;A&lt;/b&gt;", "C"]
    assert figure.layout.xaxis.type == "log"
    low, high = figure.layout.xaxis.range
    assert low < math.log10(10) < math.log10(3600) < high
    assert time_figure(RUNS[1:]).data == ()


def test_a_run_keeps_its_colour_from_chart_to_chart() -> None:
    runs = [RUNS[1], RUNS[0]]
    assert score_figure(runs, Score.ACCURACY).data[1].marker.color == time_figure(runs).data[0].marker.color


def test_learning_curve_has_a_line_a_route_in_the_order_of_pictures() -> None:
    points = [
        CurvePoint(route, share, round(100 * share), {Score.ACCURACY: Estimate(share, share - 0.1, share)})
        for share in (1.0, 0.1)
        for route in ("head only", "CNN")
    ]
    figure = learning_curve_figure(points, Score.ACCURACY)
    assert [trace.name for trace in figure.data] == ["head only", "CNN"]
    assert figure.data[0].x == (10, 100)
    assert figure.data[0].y == pytest.approx((10, 100))
    assert figure.data[0].error_y.arrayminus == pytest.approx((10, 10))
    assert figure.layout.xaxis.type == "log"
