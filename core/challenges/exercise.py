"""What an exercise is: a task with open numbers, a check of any answer, and a worked solution."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

from core.errors import LayerError
from core.layers.formula import Formula
from core.layers.layer import Layer
from core.layers.shapes import Pair, Shape
from core.layers.torch_source import torch_source

Answer = Mapping[str, int]


@dataclass(frozen=True)
class OpenNumber:
    """A number that the learner sets, from `low` to `high`; `start` is shown first, and solves nothing."""

    name: str
    label: str
    low: int
    high: int
    start: int


@dataclass(frozen=True)
class Verdict:
    """Whether an answer passes, and why or why not, in words with the learner's own numbers."""

    passed: bool
    reason: str


@dataclass(frozen=True)
class Exercise(ABC):
    """An exercise with its numbers drawn; a subclass is one kind of exercise."""

    title: ClassVar[str]
    drawing_tells: ClassVar[bool] = False  # whether a drawing of the layers gives the answer away

    @classmethod
    @abstractmethod
    def draw(cls, random: Random) -> Self:
        """An exercise of this kind that can be solved."""

    @property
    @abstractmethod
    def task(self) -> str:
        """What to do, in plain words."""

    @property
    @abstractmethod
    def numbers(self) -> tuple[OpenNumber, ...]:
        """What the learner sets."""

    @property
    @abstractmethod
    def solution(self) -> dict[str, int]:
        """An answer that passes; there may be others."""

    @property
    @abstractmethod
    def input_shape(self) -> Shape:
        """What comes into the first layer."""

    @abstractmethod
    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        """The network with the learner's numbers in it."""

    @abstractmethod
    def judge(self, answer: Answer) -> Verdict:
        """The verdict on an answer whose layers can be built.

        Raises:
            LayerError: they can't be built.
        """

    @property
    @abstractmethod
    def idea(self) -> str:
        """The way to the solution, in words."""

    @property
    @abstractmethod
    def formulas(self) -> tuple[Formula, ...]:
        """The solution's numbers worked out."""

    def check(self, answer: Answer) -> Verdict:
        """The verdict on any answer within the numbers' ranges."""
        try:
            return self.judge(answer)
        except LayerError as error:
            given = ", ".join(f"{number.label.lower()} {answer[number.name]}" for number in self.numbers)
            return Verdict(False, f"With {given}: {error}")

    def code(self, answer: Answer) -> str:
        """The layers in PyTorch."""
        return source_of(self.layers(answer))


@dataclass(frozen=True)
class OnSquareMap(Exercise):
    """An exercise on one map of `side` × `side` pixels."""

    side: int

    @property
    def input_shape(self) -> Shape:
        return 1, self.side, self.side


def square(number: int) -> Pair:
    """The same for rows and columns."""
    return number, number


def named(formula: Formula, quantity: str) -> Formula:
    """The formula under another name, where an exercise has several of a kind."""
    return replace(formula, quantity=quantity)


def source_of(layers: Sequence[Layer]) -> str:
    """One layer as it is, several as an nn.Sequential."""
    if len(layers) == 1:
        return torch_source(layers[0])
    lines = "".join(f"    {torch_source(layer)},\n" for layer in layers)
    return f"nn.Sequential(\n{lines})"
