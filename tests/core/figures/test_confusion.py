import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference

from core.figures.confusion import LONGEST_NAME, cell_of_selection, confusion_figure, short_name
from core.training.metrics import confusion_matrix

CLASSES = ("cat", "dog", "<b>owl</b>")
TARGETS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1, 0])


@pytest.fixture
def counts() -> np.ndarray:
    counted = confusion_matrix(TARGETS, PREDICTED, 3)
    assert np.array_equal(counted, reference(TARGETS, PREDICTED))
    return counted


def test_colour_is_the_share_of_the_true_class_and_text_the_count(counts: np.ndarray) -> None:
    heatmap = confusion_figure(counts, CLASSES).data[0]
    assert np.allclose(heatmap.z, [[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0]])
    assert [list(row) for row in heatmap.text] == [["2", "1", ""], ["", "2", ""], ["1", "", ""]]


def test_every_cell_has_a_marker_that_names_it(counts: np.ndarray) -> None:
    markers = confusion_figure(counts, CLASSES).data[1]
    cells = [tuple(cell) for cell in markers.customdata]
    assert cells == [(t, p) for t in range(3) for p in range(3)]
    assert [(y, x) for x, y in zip(markers.x, markers.y, strict=True)] == cells
    assert markers.hovertext[1].startswith("true: cat<br>predicted: dog<br>1 picture, 33.3%")


def test_the_matrix_reads_from_the_top_and_names_cannot_become_markup(counts: np.ndarray) -> None:
    figure = confusion_figure(counts, CLASSES)
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert "&lt;b&gt;" in figure.layout.xaxis.ticktext[2]


def test_the_marked_cell_has_a_frame(counts: np.ndarray) -> None:
    (frame,) = confusion_figure(counts, CLASSES, (2, 0)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 1.5, 2.5)


def test_an_empty_class_has_no_share() -> None:
    heatmap = confusion_figure(np.array([[0, 0], [1, 3]]), ("a", "b")).data[0]
    assert np.allclose(heatmap.z, [[0, 0], [0.25, 0.75]])


def test_many_classes_keep_the_figure_readable() -> None:
    figure = confusion_figure(np.eye(100, dtype=int), [f"class {i}" for i in range(100)])
    assert figure.data[0].text is None
    assert len(figure.layout.xaxis.tickvals) <= 40
    assert figure.layout.height <= 760


@pytest.mark.parametrize(
    ("points", "cell"),
    [
        ([], None),
        ([{"x": 1}], None),
        ([{"customdata": [2, 0]}], (2, 0)),
        ([{"customdata": {"0": 2, "1": 0}}], (2, 0)),
    ],
)
def test_a_click_gives_its_cell(points: list, cell: tuple | None) -> None:
    assert cell_of_selection(points) == cell


def test_long_names_are_cut() -> None:
    assert short_name("x" * 99) == "x" * (LONGEST_NAME - 1) + "…"
    assert short_name("cat") == "cat"
