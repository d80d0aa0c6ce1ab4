"""What a setting may be while it is searched: a range of numbers, or one of several values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import ConfigError
from core.limits import check_range

Value = str | int | float | bool
MOST_STEPS = 50


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `log`: evenly spread by their orders of magnitude.

    `steps` is how many of them a grid tries.
    """

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False
    steps: int = 3

    def __post_init__(self) -> None:
        check_range(f"number of grid steps of {self.name}", self.steps, 2, MOST_STEPS)
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ConfigError(
                f"The range of {self.name} is empty.",
                expected="a lowest value below the highest",
                found=f"{self.low:g} to {self.high:g}",
                fix="Widen the range, or don't vary this setting.",
            )
        if self.log and self.low <= 0:
            raise ConfigError(
                f"A logarithmic range of {self.name} can't begin at {self.low:g}.",
                expected="more than 0",
                found=f"{self.low:g}",
                fix="Raise the lowest value, or take a linear range.",
            )
        if self.integer and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ConfigError(
                f"{self.name} is a whole number.",
                expected="whole numbers as its lowest and highest value",
                found=f"{self.low:g} and {self.high:g}",
                fix="Round them.",
            )

    def at(self, share: float) -> Value:
        """The value at `share` of the range, 0 to 1; all whole numbers have the same share."""
        low, high = (self.low - 0.5, self.high + 0.5) if self.integer else (self.low, self.high)
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.integer else value

    def grid(self) -> list[Value]:
        """`steps` values with the same distance, fewer where there are fewer whole numbers."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        inner = (low + (high - low) * step / (self.steps - 1) for step in range(1, self.steps - 1))
        values = [self.low, *(math.exp(value) if self.log else value for value in inner), self.high]
        return list(dict.fromkeys(map(round, values))) if self.integer else list(values)

    def holds(self, value: Value) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.low <= float(value) <= self.high

    @property
    def count(self) -> int | None:
        """How many values there are; None for a range without gaps."""
        return int(self.high - self.low) + 1 if self.integer else None


@dataclass(frozen=True)
class Choice:
    """One of `values`, all of one type."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(self.values) < 2 or len(set(self.values)) < len(self.values):
            raise ConfigError(
                f"There is nothing to choose for {self.name}.",
                expected="two or more different values",
                found=", ".join(map(str, self.values)) or "none",
                fix="Add a value, or don't vary this setting.",
            )

    def at(self, share: float) -> Value:
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def grid(self) -> list[Value]:
        return list(self.values)

    def holds(self, value: Value) -> bool:
        return any(value == each and type(value) is type(each) for each in self.values)

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def is_ordered(self) -> bool:
        """Numbers have an order that a model of the objective can use."""
        return not isinstance(self.values[0], str | bool)


Parameter = Range | Choice


def all_counted(parameters: Sequence[Parameter]) -> int | None:
    """How many combinations there are; None for more than can be counted."""
    counts = [parameter.count for parameter in parameters]
    return None if None in counts else math.prod(count for count in counts if count is not None)
