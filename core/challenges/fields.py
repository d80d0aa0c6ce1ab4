"""Exercises on how much of the picture one value sees."""

from dataclasses import dataclass
from random import Random
from typing import Self

from core.challenges.exercise import Answer, Exercise, OnSquareMap, OpenNumber, Verdict, square
from core.layers.convolution import Conv2d
from core.layers.formula import Formula, times
from core.layers.formulas import output_formulas, parameter_formula
from core.layers.layer import Layer
from core.layers.receptive import Reach, reach_after
from core.layers.shapes import Shape


@dataclass(frozen=True)
class SameReach(OnSquareMap):
    title = "The same view with dilation"

    kernel: int  # of the convolution to stand in for, odd
    padding: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        kernel = random.choice((5, 7, 9, 11))
        return cls(random.randint(32, 128), kernel, random.randint(0, kernel // 2))

    @property
    def task(self) -> str:
        return (
            f"A {self.kernel} × {self.kernel} convolution with padding {self.padding} runs over a map of "
            f"{self.side} × {self.side}. Let a 3 × 3 convolution see as far and give a map of the same size."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return OpenNumber("dilation", "Dilation", 1, 8, 1), OpenNumber("padding", "Padding", 0, 10, 0)

    @property
    def solution(self) -> dict[str, int]:
        return {"dilation": (self.kernel - 1) // 2, "padding": self.padding}

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._dilated(answer),)

    def judge(self, answer: Answer) -> Verdict:
        windows, _ = self._dilated(answer).windows(self.input_shape)
        wanted, _ = self._plain.windows(self.input_shape)
        given = f"Dilation {answer['dilation']}"
        if windows.span != wanted.span:
            why = f"{given} spreads the 3 × 3 over {windows.span} pixels, and {wanted.span} are asked for."
        elif windows.positions != wanted.positions:
            why = (
                f"{given} sees as far, but with padding {answer['padding']} {windows.positions} rows come "
                f"out, not {wanted.positions}."
            )
        else:
            return Verdict(True, f"{given} sees {windows.span} pixels and gives {windows.positions} rows.")
        return Verdict(False, why)

    @property
    def idea(self) -> str:
        return (
            "Between its first and last tap a 3 × 3 spans 2 × dilation + 1 pixels; with the same span, the "
            "same padding gives the same size, for 9 weights."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        dilation = self.solution["dilation"]
        span = Formula(
            "span of the window",
            r"\text{span} = d(k - 1) + 1",
            (f"= {times(dilation, '(3 - 1)')} + 1", f"= {self.kernel}"),
        )
        return span, *output_formulas(self._dilated(self.solution), self.input_shape)

    @property
    def _plain(self) -> Conv2d:
        return Conv2d(1, 1, square(self.kernel), padding=square(self.padding))

    def _dilated(self, answer: Answer) -> Conv2d:
        padding, dilation = square(answer["padding"]), square(answer["dilation"])
        return Conv2d(1, 1, (3, 3), padding=padding, dilation=dilation)


@dataclass(frozen=True)
class WideField(Exercise):
    title = "See far with three layers"

    channels: int
    field: int
    limit: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        channels, dilation = random.choice((4, 8, 16)), random.randint(2, 6)
        limit = 3 * Conv2d(channels, channels, (3, 3)).parameters
        return cls(channels, 1 + 6 * dilation - random.randint(0, 3), limit)

    @property
    def task(self) -> str:
        return (
            f"Three equal convolutions with stride 1, from {self.channels} to {self.channels} channels. One "
            f"value after them is to see at least {self.field} × {self.field} pixels, for at most "
            f"{self.limit:,} parameters in all."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return OpenNumber("kernel", "Kernel", 1, 15, 3), OpenNumber("dilation", "Dilation", 1, 8, 1)

    @property
    def solution(self) -> dict[str, int]:
        return {"kernel": 3, "dilation": -(-(self.field - 1) // 6)}

    @property
    def input_shape(self) -> Shape:
        return self.channels, 128, 128

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._convolution(answer),) * 3

    def judge(self, answer: Answer) -> Verdict:
        layers = self.layers(answer)
        reach: Reach | None = Reach()
        for layer in layers:
            reach = reach_after(layer, reach)
        assert reach is not None
        assert reach.field is not None
        seen, parameters = reach.field[0], sum(layer.parameters for layer in layers)
        given = f"Kernel {answer['kernel']} with dilation {answer['dilation']}"
        if seen < self.field:
            return Verdict(False, f"{given} sees {seen} × {seen} pixels, not {self.field} × {self.field}.")
        if parameters > self.limit:
            why = f"{given} sees {seen} × {seen}, but {parameters:,} parameters are over {self.limit:,}."
            return Verdict(False, why)
        return Verdict(True, f"{given} sees {seen} × {seen} with {parameters:,} parameters.")

    @property
    def idea(self) -> str:
        return (
            "At stride 1 each layer adds dilation × (kernel - 1). A larger kernel costs parameters; "
            "a larger dilation costs none."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        kernel, dilation = self.solution["kernel"], self.solution["dilation"]
        field = Formula(
            "receptive field",
            "r = 1 + 3d(k - 1)",
            (f"= 1 + {times(3, dilation, f'({kernel} - 1)')}", f"= {1 + 3 * dilation * (kernel - 1)}"),
        )
        return field, parameter_formula(self._convolution(self.solution))

    def _convolution(self, answer: Answer) -> Conv2d:
        kernel, dilation = square(answer["kernel"]), square(answer["dilation"])
        return Conv2d(self.channels, self.channels, kernel, dilation=dilation)
