import pytest

from core.figures.tuning import (
    Axis,
    Measure,
    Point,
    axis_of,
    best_so_far,
    importance_figure,
    methods_figure,
    parallel_figure,
    pareto_figure,
    progress_figure,
    slice_figure,
)
from core.tuning.parameters import Choice, Range

POINTS = [
    Point(1, 60, 0.5, "<b>50 %</b>"),
    Point(3, 240, 0.9),
    Point(2, 120, 0.3, early=True),
    Point(4, 300, 0.8),
]
ACCURACY = Measure("accuracy", True, True)


def test_the_best_so_far_never_gets_worse() -> None:
    assert best_so_far(POINTS, True) == [0.5, 0.9, 0.9, 0.9]
    assert best_so_far(POINTS, False) == [0.5, 0.5, 0.3, 0.3]
    assert best_so_far([], True) == []


def test_progress_goes_by_the_ends_of_trials() -> None:
    finished, early, best = progress_figure(POINTS, ACCURACY, over_time=True).data
    assert (list(finished.x), list(early.x)) == ([1, 4, 5], [2])
    assert list(best.x) == [1, 2, 4, 5]
    assert list(best.y) == [0.5, 0.5, 0.9, 0.9]
    assert "<b>" not in finished.hovertext[0]
    assert list(progress_figure(POINTS, ACCURACY, over_time=False).data[2].x) == [1, 2, 3, 4]


def test_parallel_coordinates_end_at_the_score() -> None:
    axes = [Axis("Rate", [-3.0, -2.0]), Axis("Momentum", [0.9, None], [(0.4, "–"), (0.5, "0.5")])]
    rate, momentum, score = parallel_figure(axes, [0.5, 0.7], ACCURACY).data[0].dimensions
    assert list(rate["values"]) == [-3, -2]
    assert list(momentum["values"]) == [0.9, 0.4]
    assert list(momentum["ticktext"]) == ["–", "0.5"]
    assert list(score["values"]) == [0.5, 0.7]


def test_axes_name_what_is_no_evenly_spread_number() -> None:
    rate = axis_of(Range("learning_rate", 3e-4, 0.05, log=True), [1e-3, 1e-2])
    assert rate.places == [-3, -2]
    assert [words for _, words in rate.ticks] == ["0.0003", "0.001", "0.01", "0.05"]
    assert [words for _, words in axis_of(Range("learning_rate", 1e-3, 1e-1, log=True), []).ticks] == [
        "0.001",
        "0.01",
        "0.1",
    ]
    assert axis_of(Range("rotation", 0, 30), [5.0]).ticks == []
    momentum = axis_of(Range("momentum", 0.5, 0.9), [0.5, None])
    assert [words for _, words in momentum.ticks] == ["–", "0.5", "0.9"]
    switch = axis_of(Choice("batch_norm", (False, True)), [True, None])
    assert (switch.places, [words for _, words in switch.ticks]) == ([1, None], ["–", "off", "on"])


def test_importance_is_ordered_and_says_the_direction() -> None:
    figure = importance_figure([("Rate", -0.7), ("Blocks", 0.2), ("Kernel", 0.1)])
    rising, falling = figure.data
    assert (list(rising.y), list(rising.x)) == (["Kernel", "Blocks"], [0.1, 0.2])
    assert (list(falling.y), list(falling.x)) == (["Rate"], [0.7])
    assert list(figure.layout.yaxis.categoryarray) == ["Kernel", "Blocks", "Rate"]


def test_a_slice_has_its_band() -> None:
    low, high, mean = slice_figure("Rate", [(1e-3, 0.5, 0.1), (1e-2, 0.7, 0.0)], ACCURACY, log=True).data
    assert list(low.y) == pytest.approx([0.5 - 0.196, 0.7])
    assert list(high.y) == pytest.approx([0.5 + 0.196, 0.7])
    assert list(mean.y) == [0.5, 0.7]
    [dots] = slice_figure("Optimizer", [("sgd", 0.5, 0.1)], ACCURACY, log=False).data
    assert list(dots.x) == ["sgd"]


def test_the_front_is_apart_from_what_it_beats() -> None:
    beaten, front = pareto_figure([(1, 2.0, 0.9), (2, 1.0, 0.8), (3, 3.0, 0.7)], [2, 1], ACCURACY).data
    assert list(beaten.x) == [3]
    assert list(front.x) == [1, 2]


def test_methods_are_compared_as_far_as_each_went() -> None:
    figure = methods_figure([("Ax", POINTS), ("Chance <i>", POINTS[:2])], ACCURACY)
    assert [list(line.x) for line in figure.data] == [[1, 2, 3, 4], [1, 2]]
    assert figure.data[1].name == "Chance &lt;i&gt;"
