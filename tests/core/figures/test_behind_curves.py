import itertools
import json
import math

import altair
import pytest

from core.figures.behind_curves import (
    GRADIENT,
    LEARNING_RATE,
    MEMORY,
    MOST_BARS,
    PHASES,
    QUANTITIES,
    REST,
    bar_width,
    has_times,
    quantity_rows,
    quantity_spec,
    time_rows,
    time_spec,
)


def record(epoch: int, seconds: float = 4.0) -> dict:
    phases = {"data": 0.5, "forward": 1.0, "backward": 1.5, "update": 0.25, "validation": 0.25}
    return {"epoch": epoch, "seconds": seconds, "phases": phases, "gradient_norm": 2.0, "memory": 5e8}


OLD = {"epoch": 1, "seconds": 3.0, "learning_rate": 0.1}


@pytest.mark.parametrize("epochs", [5, 1000])
def test_the_parts_of_a_bar_add_up_to_the_epoch(epochs: int) -> None:
    records = [record(1, 4.0), record(2, 5.0)]
    rows = time_rows(records, epochs)
    bars = {row["left"]: [] for row in rows}
    for row in rows:
        bars[row["left"]].append(row)
    seconds = [sum(row["seconds"] for row in bar) for bar in bars.values()]
    assert seconds == pytest.approx([4.0, 5.0] if epochs == 5 else [4.5])
    for bar in bars.values():
        assert [row["part"] for row in bar] == list(PHASES)
        assert [row["below"] for row in bar[1:]] == [row["above"] for row in bar[:-1]]
        assert sum(row["share"] for row in bar) == pytest.approx(1)
        assert all(row["above"] - row["below"] == pytest.approx(row["seconds"]) for row in bar)


def test_the_rest_is_what_no_phase_has() -> None:
    rest = [row["seconds"] for row in time_rows([record(1, 4.0), record(2, 3.0)], 5) if row["part"] == REST]
    assert rest == pytest.approx([0.5, 0.0])


def test_bars_never_overlap_nor_leave_the_axis() -> None:
    for epochs in (1, 7, MOST_BARS + 1, 10_000):
        rows = time_rows([record(epoch) for epoch in range(1, epochs + 1)], epochs)
        edges = sorted({(row["left"], row["right"]) for row in rows})
        assert len(edges) <= MOST_BARS
        assert edges[0][0] > 0.5
        assert all(before[1] < after[0] for before, after in itertools.pairwise(edges))
        assert bar_width(epochs) * len(edges) >= epochs


@pytest.mark.parametrize(
    "damage", [{}, OLD, {"epoch": 3, "phases": []}, {"epoch": None, "phases": {"data": 1}}, {"phases": {}}]
)
def test_records_without_times_have_no_bar(damage: dict) -> None:
    assert time_rows([damage], 5) == []
    assert not has_times([damage])
    assert has_times([record(1), damage])
    assert time_rows([record(1), damage], 5) == time_rows([record(1)], 5)


def test_a_row_an_epoch_that_has_the_number() -> None:
    records = [OLD, record(2), {"epoch": 3, "gradient_norm": math.inf}]
    assert quantity_rows(records, GRADIENT) == [{"epoch": 2, "value": 2.0}]
    assert quantity_rows(records, MEMORY) == [{"epoch": 2, "value": 5e8}]
    assert quantity_rows(records, LEARNING_RATE) == [{"epoch": 1, "value": 0.1}]


@pytest.mark.parametrize("epochs", [1, 10, 500])
def test_specs_are_valid_vega_lite(epochs: int) -> None:
    specs = [time_spec(epochs), quantity_spec(GRADIENT, epochs, bound=5.0)]
    specs += [quantity_spec(each, epochs) for each in QUANTITIES]
    for spec in specs:
        altair.Chart.from_dict({**json.loads(json.dumps(spec)), "data": {"name": "points"}}, validate=True)
        assert spec["title"]["text"]


def test_a_bound_is_drawn_and_told() -> None:
    spec = quantity_spec(GRADIENT, 5, bound=2.5)
    assert "2.5" in spec["title"]["text"]
    assert spec["layer"][1]["encoding"]["y"] == {"datum": 2.5}
    assert len(quantity_spec(GRADIENT, 5)["layer"]) == 1


def test_several_epochs_in_a_bar_are_said() -> None:
    assert "means of 5 epochs" in time_spec(600)["title"]["text"]
    assert time_spec(10)["title"]["text"] == "Seconds of an epoch"
