import numpy as np
import pytest

from core.figures.feature_map import feature_map_figure, nearest, picture_of_selection
from core.figures.palette import LINES

CLASSES = tuple(f"class {number}" for number in range(9))


def drawn(marked: int | None = None):
    places = np.random.default_rng(0).normal(size=(18, 2))
    labels = np.arange(18) % 9
    words = [f"picture {number} <b>" for number in range(18)]
    figure = feature_map_figure(
        places, range(100, 118), labels, CLASSES, words, title="Map", axes=("x", "y"), marked=marked
    )
    return figure, places


def test_each_point_is_a_picture_of_its_class() -> None:
    figure, places = drawn()
    assert [trace.name for trace in figure.data] == list(CLASSES)
    found = {
        data[0]: (x, y)
        for trace in figure.data
        for data, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }
    assert found == {100 + number: tuple(place) for number, place in enumerate(places)}
    assert "&lt;b&gt;" in figure.data[0].hovertext[0]


def test_classes_that_share_a_colour_have_other_symbols() -> None:
    figure, _ = drawn()
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == len(CLASSES) > len(LINES)


def test_the_picked_picture_has_a_ring() -> None:
    figure, places = drawn(marked=103)
    assert (figure.data[-1].x[0], figure.data[-1].y[0]) == tuple(places[3])
    assert len(drawn(marked=7)[0].data) == len(CLASSES)


@pytest.mark.parametrize(
    ("points", "picture"),
    [
        ([{"customdata": [7]}], 7),
        ([{"customdata": {"0": 7}}], 7),
        ([{}, {"customdata": [8]}], 8),
        ([{"customdata": [None]}], None),
        ([{"customdata": []}], None),
        ([], None),
    ],
)
def test_a_press_tells_the_picture(points: list, picture: int | None) -> None:
    assert picture_of_selection(points) == picture


def test_the_nearest_points_come_first_and_never_the_point_itself() -> None:
    places = np.array([[0.0, 0], [3, 0], [1, 0], [9, 9]])
    assert nearest(places, 0, 2).tolist() == [2, 1]
    assert nearest(places, 0, 9).tolist() == [2, 1, 3]
    assert nearest(places[:1], 0, 5).tolist() == []
