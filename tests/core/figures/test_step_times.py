import json
import math

import altair
import pytest

from core.figures.step_times import step_times_rows, step_times_spec

TIMES = {"float32, channels last": 57.1, "bfloat16, channels last": 30.0, "float32, channels first": 66.0}


def test_a_bar_a_way_in_their_order_and_one_is_chosen() -> None:
    rows = step_times_rows(TIMES, "bfloat16, channels last")
    assert [(row["way"], row["milliseconds"]) for row in rows] == list(TIMES.items())
    assert [row["chosen"] for row in rows] == [False, True, False]


@pytest.mark.parametrize("odd", [None, "fast", math.nan, True])
def test_what_is_no_number_has_no_bar(odd: object) -> None:
    assert [row["way"] for row in step_times_rows({"a": 1.0, "b": odd}, "a")] == ["a"]


@pytest.mark.parametrize("times", [TIMES, {}])
def test_the_spec_is_valid_and_leaves_room_for_the_numbers(times: dict) -> None:
    rows = step_times_rows(times, "")
    spec = step_times_spec(rows)
    chart = {**json.loads(json.dumps(spec)), "data": {"name": "points"}}
    altair.LayerChart.from_dict(chart, validate=True)
    assert spec["encoding"]["x"]["scale"]["domain"][1] > max(times.values(), default=0)
