import math

import pytest

from core.figures.curves import RunCurves, compared_accuracy_figure, compared_loss_figure
from core.figures.palette import line_style

RECORDS = [
    {"epoch": 1, "valid_loss": 1.5, "valid_accuracy": 0.62},
    {"epoch": 2, "valid_loss": 0.75, "valid_accuracy": 0.81},
    {"epoch": 3, "valid_loss": 0.5, "valid_accuracy": 0.78},
]


def test_lines_hold_the_recorded_numbers() -> None:
    runs = [RunCurves("long", RECORDS), RunCurves("short", RECORDS[:1])]
    loss, accuracy = compared_loss_figure(runs), compared_accuracy_figure(runs)
    assert [list(line.x) for line in loss.data] == [[1, 2, 3], [1]]
    assert list(loss.data[0].y) == [1.5, 0.75, 0.5]
    assert list(accuracy.data[0].y) == [0.62, 0.81, 0.78]
    for figure in (loss, accuracy):
        assert figure.layout.title.text
        assert figure.layout.xaxis.title.text == "epoch"
        assert figure.layout.yaxis.title.text
        assert figure.layout.xaxis.range == (0.5, 3.5)


def test_accuracies_close_to_one_are_seen_closely() -> None:
    high = [{"epoch": 1, "valid_accuracy": 0.98}]
    assert compared_accuracy_figure([RunCurves("one", high)]).layout.yaxis.range[0] == 0.9
    assert compared_accuracy_figure([RunCurves("one", RECORDS)]).layout.yaxis.range[0] == pytest.approx(0.6)


@pytest.mark.parametrize("epochs", [1, 3, 17, 99, 2_000, 10_000])
def test_at_most_eleven_ticks(epochs: int) -> None:
    records = [{"epoch": epoch, "valid_loss": 1.0} for epoch in range(1, epochs + 1)]
    axis = compared_loss_figure([RunCurves("one", records)]).layout.xaxis
    assert epochs / axis.dtick <= 11


def test_no_run_is_an_empty_frame() -> None:
    assert compared_accuracy_figure([]).layout.title.text == "Validation accuracy"


@pytest.mark.parametrize(
    "damage", [{}, {"epoch": "x"}, {"epoch": 4, "valid_loss": math.nan}, {"epoch": None}]
)
def test_damaged_records_leave_the_others(damage: dict) -> None:
    (line,) = compared_loss_figure([RunCurves("one", [*RECORDS, damage])]).data
    assert [y for y in line.y if y is not None] == [1.5, 0.75, 0.5]


def test_overlaid_runs_differ_in_colour_or_dash() -> None:
    runs = [RunCurves(f"run {i}", RECORDS) for i in range(21)]
    for figure in (compared_loss_figure(runs), compared_accuracy_figure(runs)):
        assert [line.name for line in figure.data] == [run.name for run in runs]
        assert len({(line.line.color, line.line.dash) for line in figure.data}) == 21


def luminance(color: str) -> float:
    """Relative luminance of "#rrggbb" after WCAG 2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#FCFCFA", "#12171B"])
@pytest.mark.parametrize("position", range(7))
def test_lines_stand_out_from_light_and_dark_pages(background: str, position: int) -> None:
    pair = sorted([luminance(line_style(position)[0]), luminance(background)])
    assert (pair[1] + 0.05) / (pair[0] + 0.05) > 2.8
