"""Exercises on parameters: how many, and how to do with fewer."""

from dataclasses import dataclass
from random import Random
from typing import Self

from core.challenges.exercise import Answer, Exercise, OpenNumber, Verdict, named, square
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation
from core.layers.formula import Formula
from core.layers.formulas import output_formulas, parameter_formula
from core.layers.layer import Layer
from core.layers.shapes import Shape


@dataclass(frozen=True)
class MostFilters(Exercise):
    title = "As many filters as fit"

    channels: int
    kernel: int
    limit: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        channels, kernel = random.choice((1, 3, 8, 16)), random.choice((3, 5))
        each = channels * kernel * kernel + 1
        return cls(channels, kernel, each * random.randint(4, 64) + random.randint(0, each - 1))

    @property
    def task(self) -> str:
        return (
            f"A {self.kernel} × {self.kernel} convolution (with bias) over "
            f"{_counted(self.channels, 'channel')} may have {self.limit:,} parameters. "
            "What is the largest number of filters that fits?"
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (OpenNumber("filters", "Filters", 1, 256, 1),)

    @property
    def solution(self) -> dict[str, int]:
        return {"filters": self.limit // self._convolution({"filters": 1}).parameters}

    @property
    def input_shape(self) -> Shape:
        return self.channels, 32, 32

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._convolution(answer),)

    def judge(self, answer: Answer) -> Verdict:
        filters = answer["filters"]
        found = self._convolution(answer).parameters
        if found > self.limit:
            return Verdict(
                False, f"{_have(filters, 'filter')} {found:,} parameters, more than {self.limit:,}."
            )
        more = self._convolution({"filters": filters + 1}).parameters
        if more <= self.limit:
            why = f"{_have(filters, 'filter')} {found:,} parameters: one more ({more:,}) still fits."
            return Verdict(False, why)
        return Verdict(
            True, f"{_have(filters, 'filter')} {found:,} parameters; one more would have {more:,}."
        )

    @property
    def idea(self) -> str:
        return "A filter has kernel × kernel weights for every channel, and one bias: divide, and round down."

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return (parameter_formula(self._convolution(self.solution)),)

    def _convolution(self, answer: Answer) -> Conv2d:
        return Conv2d(self.channels, answer["filters"], square(self.kernel))


@dataclass(frozen=True)
class FewerByGroups(Exercise):
    title = "Fewer parameters by groups"

    in_channels: int
    out_channels: int
    kernel: int
    factor: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        channels = (16, 32, 48, 64)
        kernel, factor = random.choice((3, 5)), random.choice((2, 4, 8))
        return cls(random.choice(channels), random.choice(channels), kernel, factor)

    @property
    def task(self) -> str:
        return (
            f"A {self.kernel} × {self.kernel} convolution from {self.in_channels} to {self.out_channels} "
            f"channels (no bias) has {self._plain:,} parameters. Into how many groups must its channels be "
            f"cut to have {self.factor} times fewer?"
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (OpenNumber("groups", "Groups", 1, 32, 1),)

    @property
    def solution(self) -> dict[str, int]:
        return {"groups": self.factor}

    @property
    def input_shape(self) -> Shape:
        return self.in_channels, 16, 16

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._convolution(answer["groups"]),)

    def judge(self, answer: Answer) -> Verdict:
        layer = self._convolution(answer["groups"])
        layer.output_shape(self.input_shape)
        given = f"{_have(answer['groups'], 'group')} {layer.parameters:,} parameters"
        wanted = self._plain // self.factor
        if layer.parameters == wanted:
            return Verdict(True, f"{given}: {self.factor} times fewer.")
        return Verdict(False, f"{given}, and {self._plain:,} / {self.factor} = {wanted:,} are asked for.")

    @property
    def idea(self) -> str:
        return "In g groups, each filter sees only 1/g of the channels, so it has 1/g of the weights."

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return (parameter_formula(self._convolution(self.factor)),)

    @property
    def _plain(self) -> int:
        return self._convolution(1).parameters

    def _convolution(self, groups: int) -> Conv2d:
        kernel = square(self.kernel)
        return Conv2d(self.in_channels, self.out_channels, kernel, bias=False, groups=groups)


@dataclass(frozen=True)
class HalveTwice(Exercise):
    title = "Halve the map twice on a budget"

    side: int  # a multiple of 4
    channels: int
    outputs: int
    least: int  # filters of the first convolution
    limit: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        channels, outputs, least = random.choice((1, 3)), random.choice((8, 12, 16)), random.randint(3, 6)
        drawn = cls(4 * random.randint(6, 32), channels, outputs, least, 0)
        needed = drawn._parameters({"kernel": 3, "padding": 1, "filters": least})
        return cls(drawn.side, channels, outputs, least, needed + random.randint(1, 40))

    @property
    def task(self) -> str:
        quarter = self.side // 4
        return (
            f"Two convolutions with stride 2 are to bring {self.side} × {self.side} down to {quarter} × "
            f"{quarter} and see every pixel. Use at least {self.least} filters in the first, and fewer than "
            f"{self.limit:,} parameters in all."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (
            OpenNumber("kernel", "Kernel of both", 1, 7, 5),
            OpenNumber("padding", "Padding of both", 0, 3, 2),
            OpenNumber("filters", "Filters of the first", 1, 32, 16),
        )

    @property
    def solution(self) -> dict[str, int]:
        return {"kernel": 3, "padding": 1, "filters": self.least}

    @property
    def input_shape(self) -> Shape:
        return self.channels, self.side, self.side

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        first, second = self._convolutions(answer)
        return first, Activation("ReLU"), second

    def judge(self, answer: Answer) -> Verdict:
        kernel, padding, filters = answer["kernel"], answer["padding"], answer["filters"]
        first, second = self._convolutions(answer)
        shape = first.output_shape(self.input_shape)
        _, side, _ = second.output_shape(shape)
        given = f"Kernel {kernel} with padding {padding}"
        lost = [layer.windows(s)[0] for layer, s in ((first, self.input_shape), (second, shape))]
        if side != self.side // 4:
            return Verdict(False, f"{given} ends at {side} rows, and {self.side // 4} are asked for.")
        if any(windows.unseen_at_end or windows.skipped for windows in lost):
            return Verdict(False, f"{given} leaves out pixels between its windows or at the end.")
        if filters < self.least:
            return Verdict(False, f"{filters} filters in the first are fewer than {self.least}.")
        found = self._parameters(answer)
        if found >= self.limit:
            why = (
                f"Kernel {kernel} and {filters} filters make {found:,} parameters: not below {self.limit:,}."
            )
            return Verdict(False, why)
        return Verdict(True, f"{given} and {filters} filters: {side} × {side} with {found:,} parameters.")

    @property
    def idea(self) -> str:
        return (
            "An odd kernel with padding (kernel - 1) / 2 and stride 2 halves an even side, and so does a "
            "2 × 2 without padding. The parameters grow with the kernel's square; a 1 × 1 would skip pixels."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        first, second = self._convolutions(self.solution)
        (half,) = output_formulas(first, self.input_shape)
        (quarter,) = output_formulas(second, first.output_shape(self.input_shape))
        return (
            named(half, "side after the first convolution"),
            named(quarter, "side after the second convolution"),
            named(parameter_formula(first), "parameters of the first"),
            named(parameter_formula(second), "parameters of the second"),
        )

    def _convolutions(self, answer: Answer) -> tuple[Conv2d, Conv2d]:
        kernel, padding = square(answer["kernel"]), square(answer["padding"])
        first = Conv2d(self.channels, answer["filters"], kernel, (2, 2), padding)
        return first, Conv2d(answer["filters"], self.outputs, kernel, (2, 2), padding)

    def _parameters(self, answer: Answer) -> int:
        return sum(layer.parameters for layer in self._convolutions(answer))


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def _have(number: int, noun: str) -> str:
    return f"{_counted(number, noun)} {'has' if number == 1 else 'have'}"
