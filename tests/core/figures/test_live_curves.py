import json
import math

import altair
import pytest

from core.figures.live_curves import accuracy_spec, best_epoch, curve_rows, loss_spec


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


def test_a_row_a_point() -> None:
    rows = curve_rows(RECORDS, "accuracy")
    values = {(row["epoch"], row["part"]): row["value"] for row in rows}
    assert len(rows) == len(values) == 6
    assert [values[epoch, "validation"] for epoch in (1, 2, 3)] == [0.62, 0.81, 0.78]
    assert [values[epoch, "training"] for epoch in (1, 2, 3)] == pytest.approx([0.57, 0.76, 0.73])


@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_only_the_last_best_epoch_is_marked_and_only_on_validation(quantity: str) -> None:
    marked = [row for row in curve_rows(RECORDS, quantity) if row["best"]]
    assert [(row["epoch"], row["part"]) for row in marked] == [(2, "validation")]
    assert marked[0]["value"] == RECORDS[1][f"valid_{quantity}"]


def test_before_the_first_epoch_there_is_nothing() -> None:
    assert curve_rows([], "loss") == []
    assert best_epoch([]) is None


@pytest.mark.parametrize(
    "damage", [{}, {"is_best": True}, {"epoch": "x"}, {"epoch": 4, "valid_loss": math.nan}, {"epoch": True}]
)
def test_damaged_records_leave_the_others(damage: dict) -> None:
    assert curve_rows([*RECORDS, damage], "loss") == curve_rows(RECORDS, "loss")


@pytest.mark.parametrize("spec", [loss_spec(10), accuracy_spec(10), loss_spec(500)])
def test_specs_are_valid_vega_lite(spec: dict) -> None:
    chart = altair.LayerChart.from_dict(
        {**json.loads(json.dumps(spec)), "data": {"name": "points"}}, validate=True
    )
    assert chart.to_dict()["encoding"]["x"]["title"] == "epoch"
    assert spec["encoding"]["y"]["title"]
    assert spec["title"]["text"]


def test_the_axis_leaves_room_for_all_planned_epochs() -> None:
    assert loss_spec(50)["encoding"]["x"]["scale"]["domain"] == [0.5, 50.5]
    assert accuracy_spec(0)["encoding"]["x"]["scale"]["domain"] == [0.5, 1.5]
