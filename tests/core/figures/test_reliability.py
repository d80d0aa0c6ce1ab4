import numpy as np

from core.comparison.scores import Reliability
from core.figures.reliability import calibration_figure, reliability_figure


def test_reliability_has_its_diagonal_and_dots_as_large_as_their_bins() -> None:
    diagram = Reliability(np.array([0.5, 0.9]), np.array([0.4, 1.0]), np.array([1, 100]))
    figure = reliability_figure("A & B", diagram)
    assert figure.data[0].x == figure.data[0].y == (0, 100)
    small, large = figure.data[1].marker.size
    assert small < large
    assert "&amp;" in figure.layout.title.text
    assert figure.data[1].hovertext[0].endswith("1 picture")


def test_both_diagrams_of_a_calibration_are_named() -> None:
    before = Reliability(np.array([0.9]), np.array([0.5]), np.array([4]))
    after = Reliability(np.array([0.5]), np.array([0.5]), np.array([4]))
    _, first, second = calibration_figure(before, after).data
    assert (first.name, list(first.x), list(first.y)) == ("as the network says", [90], [50])
    assert (second.name, list(second.x)) == ("calibrated", [50])
