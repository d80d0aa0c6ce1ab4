import plotly.graph_objects as go
import pytest

from core.data.report import ClassCount, SizeCount
from core.figures.dataset import class_balance_figure, picture_sizes_figure

CLASSES = [ClassCount("cat", 10, 7, 2, 1), ClassCount("<b>dog</b>", 5, 4, 1, 0)]


def test_bars_add_up_to_the_pictures() -> None:
    figure = class_balance_figure(CLASSES)
    assert [trace.name for trace in figure.data] == ["training", "validation", "test"]
    assert [sum(counts) for counts in zip(*(trace.x for trace in figure.data), strict=True)] == [10, 5]


def test_empty_sides_have_no_bars() -> None:
    figure = class_balance_figure([ClassCount("only", 3, 3, 0, 0)])
    assert [trace.name for trace in figure.data] == ["training"]


def test_class_names_cannot_style_the_chart() -> None:
    names = class_balance_figure(CLASSES).layout.yaxis.ticktext
    assert names == ("cat", "&lt;b&gt;dog&lt;/b&gt;")
    long = class_balance_figure([ClassCount("x" * 200, 1, 1, 0, 0)]).layout.yaxis.ticktext[0]
    assert len(long) == 28


def test_many_classes_stay_on_a_bounded_chart() -> None:
    many = [ClassCount(str(number), 1, 1, 0, 0) for number in range(1000)]
    assert class_balance_figure(many).layout.height == 900


def test_bubble_area_follows_the_number_of_pictures() -> None:
    figure = picture_sizes_figure([SizeCount(640, 480, 90), SizeCount(32, 32, 10)])
    [trace] = figure.data
    assert list(zip(trace.x, trace.y, strict=True)) == [(640, 480), (32, 32)]
    assert trace.marker.sizemode == "area"
    assert list(trace.marker.size) == [90, 10]


@pytest.mark.parametrize(
    "figure", [class_balance_figure(CLASSES), picture_sizes_figure([SizeCount(8, 8, 1)])]
)
def test_charts_have_titles_and_units(figure: go.Figure) -> None:
    assert figure.layout.title.text
    assert figure.layout.xaxis.title.text
    figure.to_json()
