"""A formula in LaTeX, in symbols and then step by step with numbers, and the pieces that it is written of."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Formula:
    """`symbols` is a whole equation; each of `steps` begins with "=", and the last is the value."""

    quantity: str  # in words, such as "output height"
    symbols: str
    steps: tuple[str, ...]
    note: str = ""  # in words, what the numbers mean here: "The last 2 columns are never seen."

    @property
    def latex(self) -> str:
        """Symbols and steps below each other, aligned at their equals signs."""
        left, right = self.symbols.rsplit(" = ", 1)
        steps = [step for step in self.steps if step != f"= {right}"]  # "0" is its own value
        lines = [f"{left} &= {right}", *(step.replace("=", "&=", 1) for step in steps)]
        return r"\begin{aligned} " + r" \\[4pt] ".join(lines) + r" \end{aligned}"


def number(value: int) -> str:
    """12500 as "12{,}500", a negative number in brackets."""
    text = f"{value:,}".replace(",", "{,}")
    return f"({text})" if value < 0 else text


def exact(value: Fraction) -> str:
    """A decimal number where three places say it exactly, else a mixed fraction."""
    if (value * 1000).denominator == 1:
        return f"{float(value):,.3f}".rstrip("0").rstrip(".").replace(",", "{,}")
    whole, rest = floor(abs(value)), abs(value) % 1
    sign = "-" if value < 0 else ""
    return rf"{sign}{whole or ''}\tfrac{{{rest.numerator}}}{{{rest.denominator}}}"


def fraction(over: str, under: str) -> str:
    return rf"\frac{{{over}}}{{{under}}}"


def rounded(inner: str, *, up: bool = False) -> str:
    """`inner` in floor brackets, or in ceiling brackets."""
    kind = "ceil" if up else "floor"
    return rf"\left\l{kind} {inner} \right\r{kind}"


def times(*factors: str | int) -> str:
    return r" \times ".join(number(factor) if isinstance(factor, int) else factor for factor in factors)
