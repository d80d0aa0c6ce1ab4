"""Exercises on how large a map becomes."""

from dataclasses import dataclass
from random import Random
from typing import Self

from core.challenges.exercise import Answer, Exercise, OnSquareMap, OpenNumber, Verdict, named, square
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation
from core.layers.formula import Formula
from core.layers.formulas import output_formulas
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import MaxPool2d
from core.layers.residual import chain_shape
from core.layers.shapes import Shape, shape_text
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import Windows


@dataclass(frozen=True)
class OutputSide(OnSquareMap):
    title = "How large is the map?"
    drawing_tells = True

    kernel: int
    stride: int
    padding: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        """With a stride that doesn't fit, so that the floor bites."""
        while True:
            drawn = cls(
                random.randint(20, 120), random.choice((3, 5, 7)), random.randint(2, 4), random.randint(0, 2)
            )
            if drawn._windows.room % drawn.stride:
                return drawn

    @property
    def task(self) -> str:
        return (
            f"A convolution of {self.kernel} × {self.kernel} with stride {self.stride} and padding "
            f"{self.padding} runs over a map of {self.side} × {self.side}. How many rows has its output, "
            "and how many of the map's last rows does no window ever see?"
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (
            OpenNumber("rows", "Rows of the output", 1, 200, self.side),
            OpenNumber("unseen", "Rows never seen", 0, 10, 0),
        )

    @property
    def solution(self) -> dict[str, int]:
        return {"rows": self._windows.positions, "unseen": self._windows.unseen_at_end}

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (Conv2d(1, 1, square(self.kernel), square(self.stride), square(self.padding)),)

    def judge(self, answer: Answer) -> Verdict:
        windows, rows, unseen = self._windows, answer["rows"], answer["unseen"]
        end = (rows - 1) * self.stride + self.kernel
        if rows > windows.positions:
            why = f"{rows} windows would need {end} rows, and with its padding the map has {windows.padded}."
        elif rows < windows.positions:
            why = f"{rows} windows need {end} of {windows.padded} rows: there is room for more."
        elif unseen != windows.unseen_at_end:
            why = (
                f"{rows} rows is right. Its last window ends at row {end} of the {windows.padded} with "
                f"padding, which leaves not {unseen} rows of the map itself."
            )
        else:
            return Verdict(True, f"{rows} windows end at row {end}, which leaves {unseen} unseen.")
        return Verdict(False, why)

    @property
    def idea(self) -> str:
        return "Divide the room that the window has by the stride, round down, and add the first position."

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return output_formulas(self.layers({})[0], self.input_shape)

    @property
    def _windows(self) -> Windows:
        return Windows(self.side, self.kernel, self.stride, (self.padding, self.padding))


@dataclass(frozen=True)
class KeepSize(OnSquareMap):
    title = "Keep the size"

    kernel: int
    dilation: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        return cls(random.randint(24, 128), random.choice((3, 5, 7, 9)), random.randint(1, 3))

    @property
    def task(self) -> str:
        return (
            f"Pick the padding so that a {self.kernel} × {self.kernel} convolution with stride 1 and "
            f"dilation {self.dilation} leaves a map of {self.side} × {self.side} as large as it is."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (OpenNumber("padding", "Padding", 0, 20, 0),)

    @property
    def solution(self) -> dict[str, int]:
        return {"padding": self.dilation * (self.kernel - 1) // 2}

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        padding, dilation = square(answer["padding"]), square(self.dilation)
        return (Conv2d(1, 1, square(self.kernel), padding=padding, dilation=dilation),)

    def judge(self, answer: Answer) -> Verdict:
        _, side, _ = chain_shape([("", layer) for layer in self.layers(answer)], self.input_shape)
        change = side - self.side
        if change == 0:
            return Verdict(True, f"Padding {answer['padding']} keeps {side} × {side}.")
        word = "grows" if change > 0 else "shrinks"
        why = f"With padding {answer['padding']} the map {word} by {abs(change)} to {side} × {side}."
        return Verdict(False, why)

    @property
    def idea(self) -> str:
        return (
            "Without padding, the map shrinks by dilation × (kernel - 1). Half of that on each side "
            'gives it back; this is what padding="same" does.'
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return output_formulas(self.layers(self.solution)[0], self.input_shape)


PLACES = (  # what is worked out after each layer of the network in LinearAfter; activations change nothing
    "side after the first convolution",
    "",
    "side after the first pooling",
    "side after the second convolution",
    "",
    "side after the second pooling",
    "features after the flattening",
)


@dataclass(frozen=True)
class LinearAfter(Exercise):
    title = "What the linear layer takes"

    side: int
    filters: tuple[int, int]
    kernel: int
    padding: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        kernel = random.choice((3, 5))
        filters = random.choice((4, 6, 8, 16)), random.choice((8, 12, 16, 32))
        return cls(random.randint(28, 110), filters, kernel, random.randint(0, kernel // 2))

    @property
    def task(self) -> str:
        return (
            f"Pictures of 3 × {self.side} × {self.side} go through this network. "
            "How many numbers come out of the flattening, so that the linear layer fits?"
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (OpenNumber("features", "Input features of the linear layer", 1, 100_000, self.side),)

    @property
    def solution(self) -> dict[str, int]:
        (features,) = chain_shape([("", layer) for layer in self._before], self.input_shape)
        return {"features": features}

    @property
    def input_shape(self) -> Shape:
        return 3, self.side, self.side

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return *self._before, Linear(answer["features"], 10)

    def judge(self, answer: Answer) -> Verdict:
        found = answer["features"]
        maps = chain_shape([("", layer) for layer in self._before[:-1]], self.input_shape)
        (features,) = Flatten().output_shape(maps)
        if found == features:
            return Verdict(True, f"The last map of {shape_text(maps)} has {found} numbers.")
        word = "more" if features > found else "fewer"
        why = f"Linear({found}, 10) wants {found} numbers, and {word} come out of the last map."
        rows = f" It has {maps[1]} rows." if abs(features - found) > 1 else ""
        return Verdict(False, why + rows)

    @property
    def idea(self) -> str:
        return (
            "Follow the side through each layer, rounding down each time, and multiply the last map's "
            "rows, columns and channels."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        shape = self.input_shape
        steps: list[Formula] = []
        for layer, place in zip(self._before, PLACES, strict=True):
            (formula,) = output_formulas(layer, shape)
            shape = layer.output_shape(shape)
            if place:
                steps.append(named(formula, place))
        return tuple(steps)

    @property
    def _before(self) -> tuple[Layer, ...]:
        kernel, padding = square(self.kernel), square(self.padding)
        first, second = self.filters
        pool, relu = MaxPool2d((2, 2), (2, 2)), Activation("ReLU")
        return (
            Conv2d(3, first, kernel, padding=padding),
            relu,
            pool,
            Conv2d(first, second, kernel, padding=padding),
            relu,
            pool,
            Flatten(),
        )


@dataclass(frozen=True)
class PoolAll(OnSquareMap):
    """The side is odd."""

    title = "Pool without losing a row"

    @classmethod
    def draw(cls, random: Random) -> Self:
        return cls(2 * random.randint(5, 55) + 1)

    @property
    def task(self) -> str:
        half = self._half
        return (
            f"Max pooling of 2 × 2 drops the last row and column of a {self.side} × {self.side} map. With "
            f"stride 2, choose window and padding so that {half} × {half} comes out and every pixel is seen."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return OpenNumber("kernel", "Window", 1, 6, 2), OpenNumber("padding", "Padding", 0, 3, 0)

    @property
    def solution(self) -> dict[str, int]:
        return {"kernel": 3, "padding": 1}

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._pool(answer),)

    def judge(self, answer: Answer) -> Verdict:
        windows, _ = self._pool(answer).windows(self.input_shape)
        given = f"Window {answer['kernel']} with padding {answer['padding']}"
        if windows.positions != self._half:
            why = f"{given} gives {windows.positions} rows, and {self._half} are asked for."
        elif windows.unseen_at_end or windows.skipped:
            why = f"{given} never sees {windows.unseen_at_end + windows.skipped} of the {self.side} rows."
        else:
            return Verdict(True, f"{given} sees all {self.side} rows and gives {windows.positions}.")
        return Verdict(False, why)

    @property
    def idea(self) -> str:
        return (
            "A window wider than the stride reaches both ends, with padding for the row that it needs more."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return output_formulas(self._pool(self.solution), self.input_shape)

    @property
    def _half(self) -> int:
        return self.side // 2 + 1

    def _pool(self, answer: Answer) -> MaxPool2d:
        return MaxPool2d(square(answer["kernel"]), (2, 2), square(answer["padding"]))


@dataclass(frozen=True)
class UndoStride(Exercise):
    title = "Back to the size before"

    side: int
    kernel: int
    stride: int
    padding: int

    @classmethod
    def draw(cls, random: Random) -> Self:
        kernel = random.choice((3, 4, 5))
        return cls(random.randint(20, 100), kernel, random.randint(2, 4), random.randint(0, kernel // 2))

    @property
    def task(self) -> str:
        small = self._small[1]
        return (
            f"A {self.kernel} × {self.kernel} convolution with stride {self.stride} and padding "
            f"{self.padding} made {self.side} × {self.side} into {small} × {small}. Set the transposed "
            f"convolution with the same kernel and padding so that it gives {self.side} × {self.side} back."
        )

    @property
    def numbers(self) -> tuple[OpenNumber, ...]:
        return (
            OpenNumber("stride", "Stride", 1, 6, 1),
            OpenNumber("output_padding", "Output padding", 0, 5, 0),
        )

    @property
    def solution(self) -> dict[str, int]:
        left = (self.side + 2 * self.padding - self.kernel) % self.stride
        return {"stride": self.stride, "output_padding": left}

    @property
    def input_shape(self) -> Shape:
        return self._small

    def layers(self, answer: Answer) -> tuple[Layer, ...]:
        return (self._transposed(answer),)

    def judge(self, answer: Answer) -> Verdict:
        _, side, _ = self._transposed(answer).output_shape(self._small)
        given = f"Stride {answer['stride']} with output padding {answer['output_padding']}"
        if side == self.side:
            return Verdict(True, f"{given} gives {side} × {side} back.")
        return Verdict(False, f"{given} gives {side} × {side}, and {self.side} × {self.side} is asked for.")

    @property
    def idea(self) -> str:
        return (
            "The same stride undoes it, but for the pixels that the floor dropped: sizes that differ by "
            "less than the stride become one, and output padding says which it was."
        )

    @property
    def formulas(self) -> tuple[Formula, ...]:
        (down,) = output_formulas(self._convolution, (1, self.side, self.side))
        (up,) = output_formulas(self._transposed(self.solution), self._small)
        return named(down, "side after the convolution"), named(up, "side after the transposed convolution")

    @property
    def _convolution(self) -> Conv2d:
        return Conv2d(1, 1, square(self.kernel), square(self.stride), square(self.padding))

    @property
    def _small(self) -> Shape:
        return self._convolution.output_shape((1, self.side, self.side))

    def _transposed(self, answer: Answer) -> ConvTranspose2d:
        stride, extra = square(answer["stride"]), square(answer["output_padding"])
        return ConvTranspose2d(1, 1, square(self.kernel), stride, square(self.padding), extra)
