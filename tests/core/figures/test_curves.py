import math

import pytest

from core.figures.curves import (
    RunCurves,
    accuracy_figure,
    best_epoch,
    compared_accuracy_figure,
    compared_loss_figure,
    loss_figure,
)
from core.figures.palette import line_style


def record(epoch: int, accuracy: float, *, is_best: bool = False) -> dict:
    return {
        "epoch": epoch,
        "train_loss": 2.0 / epoch,
        "train_accuracy": accuracy - 0.05,
        "valid_loss": 1.5 / epoch,
        "valid_accuracy": accuracy,
        "is_best": is_best,
    }


RECORDS = [record(1, 0.62, is_best=True), record(2, 0.81, is_best=True), record(3, 0.78)]


def test_curves_hold_the_recorded_numbers() -> None:
    figure = accuracy_figure(RunCurves("one", RECORDS), epochs=10)
    training, validation, best = figure.data
    assert list(training.x) == list(validation.x) == [1, 2, 3]
    assert list(validation.y) == [0.62, 0.81, 0.78]
    assert list(training.y) == pytest.approx([0.57, 0.76, 0.73])
    assert (list(best.x), list(best.y)) == ([2], [0.81])
    assert "best epoch: 2" in figure.layout.title.text


def test_the_best_epoch_is_marked_on_the_loss_at_its_own_height() -> None:
    best = loss_figure(RunCurves("one", RECORDS), epochs=10).data[-1]
    assert (list(best.x), list(best.y)) == ([2], [0.75])
    assert best_epoch(RECORDS) == RECORDS[1]
    assert best_epoch([]) is None


def test_axes_leave_room_for_all_planned_epochs() -> None:
    assert loss_figure(RunCurves("one", RECORDS), epochs=50).layout.xaxis.range == (0.5, 50.5)
    assert loss_figure(RunCurves("one", RECORDS), epochs=2).layout.xaxis.range == (0.5, 3.5)


def test_axes_move_only_in_whole_steps_while_curves_grow() -> None:
    few = loss_figure(RunCurves("one", RECORDS[:1]), epochs=10).layout.yaxis.range
    assert loss_figure(RunCurves("one", RECORDS), epochs=10).layout.yaxis.range == few == (0, 2.0)
    assert accuracy_figure(RunCurves("one", RECORDS), epochs=10).layout.yaxis.range[0] == pytest.approx(0.5)


@pytest.mark.parametrize("epochs", [1, 3, 17, 99, 10_000])
def test_at_most_eleven_ticks(epochs: int) -> None:
    axis = loss_figure(RunCurves("one", []), epochs=epochs).layout.xaxis
    assert epochs / axis.dtick <= 11


def test_no_epoch_yet_is_an_empty_frame_with_titles() -> None:
    figure = accuracy_figure(RunCurves("one", []), epochs=5)
    assert all(not list(trace.x) for trace in figure.data)
    assert figure.layout.title.text == "Accuracy"
    assert figure.layout.xaxis.title.text == "epoch"
    assert figure.layout.yaxis.title.text


@pytest.mark.parametrize(
    "damage", [{}, {"is_best": True}, {"epoch": "x"}, {"epoch": 4, "valid_loss": math.nan}]
)
def test_damaged_records_are_left_out(damage) -> None:
    figure = loss_figure(RunCurves("one", [*RECORDS, damage]), epochs=5)
    heights = [y for y in figure.data[1].y if y is not None]
    assert heights == [1.5, 0.75, 0.5]
    assert all(math.isfinite(limit) for limit in figure.layout.yaxis.range)


def test_overlaid_runs_differ_in_colour_or_dash() -> None:
    runs = [RunCurves(f"run {i}", RECORDS) for i in range(21)]
    for figure in (compared_loss_figure(runs), compared_accuracy_figure(runs)):
        assert [trace.name for trace in figure.data] == [run.name for run in runs]
        assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 21


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
