import numpy as np

from core.figures.palette import BLUE
from core.figures.probabilities import probability_figure


def test_bars_are_the_asked_classes_from_the_top() -> None:
    figure = probability_figure(("a", "<i>b", "c"), np.array([0.2, 0.7, 0.1]), [1, 0])
    (bars,) = figure.data
    assert list(bars.x) == [0.7, 0.2]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;i&gt;b", "a"]
    assert figure.layout.yaxis.range == (1.5, -0.5)
    assert bars.marker.color[0] == BLUE
    assert bars.marker.color[1] != BLUE
    assert figure.layout.title.text
    assert figure.layout.xaxis.title.text
