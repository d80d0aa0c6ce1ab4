import pytest

from pages.shared.held import Held


def test_a_value_is_made_once() -> None:
    held: Held[str] = Held(2)
    made: list[str] = []

    def make() -> str:
        made.append("a")
        return "value"

    assert held.take("a", make, session="1") == held.take("a", make, session="2") == "value"
    assert made == ["a"]


def test_a_session_that_takes_another_lets_go_of_the_first() -> None:
    held: Held[str] = Held(5)
    for key in "abc":
        held.take(key, lambda: "value", session="1")
    assert len(held) == 1


def test_what_another_session_has_taken_stays() -> None:
    held: Held[str] = Held(5)
    held.take("a", lambda: "first", session="1")
    held.take("b", lambda: "value", session="2")
    assert held.take("a", lambda: "second", session="1") == "first"
    assert len(held) == 2


def test_all_sessions_together_hold_few() -> None:
    held: Held[str] = Held(3)
    for number in range(30):
        held.take(f"key {number}", lambda: "value", session=f"session {number}")
        assert len(held) <= 3


def test_the_least_used_one_goes_first() -> None:
    held: Held[str] = Held(2)
    held.take("a", lambda: "first", session="1")
    held.take("b", lambda: "value", session="2")
    held.take("a", lambda: "second", session="1")
    held.take("c", lambda: "value", session="3")
    assert held.take("a", lambda: "second", session="1") == "first"


def test_a_failure_holds_nothing() -> None:
    held: Held[int] = Held(2)
    with pytest.raises(ZeroDivisionError):
        held.take("a", lambda: 1 // 0, session="1")
    assert held.take("a", lambda: 7, session="1") == 7
