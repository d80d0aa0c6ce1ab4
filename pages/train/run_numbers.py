"""The numbers that a run computes in, and why these."""

from typing import Any

from core.figures.live_curves import number
from core.training.config import Precision
from core.training.run_config import RunConfig
from pages.shared.facts_list import Fact

NUMBERS = {
    Precision.FLOAT32: "32 bits a number",
    Precision.BFLOAT16: "16 bits a number on the way forward and back; weights, their updates and the "
    "validation stay in float32",
}


def numbers_fact(facts: dict[str, Any], config: RunConfig) -> list[Fact]:
    """The line that says so; none before it is known."""
    if (precision := facts.get("precision")) not in set(Precision):
        return []
    return [("Precision", str(precision), f"{NUMBERS[Precision(precision)]}. {_why(facts, config)}")]


def _why(facts: dict[str, Any], config: RunConfig) -> str:
    """Why these numbers, with both times where both were measured."""
    if config.training.precision is not Precision.AUTO:
        return "The settings ask for it"
    times = facts.get("milliseconds")
    times = times if isinstance(times, dict) else {}
    long, short = (_least(times, precision) for precision in (Precision.FLOAT32, Precision.BFLOAT16))
    if long is None or short is None:
        return "Measured as the faster one"
    if facts["precision"] == Precision.BFLOAT16:
        return f"Measured: {short:.3g} ms a step, against {long:.3g} ms in float32"
    return f"Measured: {long:.3g} ms a step; bfloat16, at {short:.3g} ms, is not enough faster"


def _least(times: dict[str, Any], precision: Precision) -> float | None:
    measured = (number(value) for way, value in times.items() if way.startswith(precision))
    return min((time for time in measured if time is not None), default=None)
