import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.records import from_json, to_json
from core.tuning.parameters import Choice, Parameter, Range

SHARES = st.floats(0, 1)


@given(share=SHARES, low=st.floats(1e-6, 10), width=st.floats(1e-3, 10), log=st.booleans())
def test_every_share_lies_within_the_range(share: float, low: float, width: float, log: bool) -> None:
    parameter = Range("x", low, low + width, log)
    assert parameter.holds(parameter.at(share))
    assert parameter.at(0) == pytest.approx(low)
    assert parameter.at(1) == pytest.approx(low + width)


def test_a_logarithmic_range_is_spread_by_orders_of_magnitude() -> None:
    assert Range("x", 1e-4, 1e-2, log=True).at(0.5) == pytest.approx(1e-3)
    assert Range("x", 1e-4, 1e-2, log=True, steps=5).grid() == pytest.approx(
        [1e-4, 10**-3.5, 1e-3, 10**-2.5, 1e-2]
    )


def test_whole_numbers_have_equal_shares() -> None:
    values = [Range("x", 1, 4, integer=True).at((i + 0.5) / 400) for i in range(400)]
    assert {value: values.count(value) for value in set(values)} == {1: 100, 2: 100, 3: 100, 4: 100}
    assert all(isinstance(value, int) for value in values)
    assert Range("x", 1, 2, integer=True, steps=5).grid() == [1, 2]


@given(share=SHARES)
def test_a_choice_has_equal_shares(share: float) -> None:
    choice = Choice("x", ("a", "b", "c"))
    assert choice.at(share) == choice.values[min(math.floor(3 * share), 2)]


def test_choices_tell_a_switch_from_a_number() -> None:
    assert not Choice("x", (False, True)).holds(1)
    assert Choice("x", (1, 2)).holds(1)


@pytest.mark.parametrize(
    "parameter",
    [
        Range("x", 0.5, 2, steps=4),
        Range("x", 1, 64, log=True, integer=True),
        Choice("x", ("a", "b")),
        Choice("x", (False, True)),
        Choice("x", (1, 2)),
        Choice("x", (0.5, 1.0)),
    ],
)
def test_parameters_survive_json(parameter: Parameter) -> None:
    assert from_json(type(parameter), to_json(parameter)) == parameter


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Range("x", 2, 1), "is empty"),
        (lambda: Range("x", 0, math.inf), "is empty"),
        (lambda: Range("x", math.nan, 1), "is empty"),
        (lambda: Range("x", 0, 1, log=True), "can't begin at 0"),
        (lambda: Range("x", 0.5, 3, integer=True), "whole number"),
        (lambda: Range("x", 0, 1, steps=1), "grid steps"),
        (lambda: Choice("x", ("a",)), "nothing to choose"),
        (lambda: Choice("x", (1, 1)), "nothing to choose"),
    ],
)
def test_what_is_no_range_is_refused(make, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()
