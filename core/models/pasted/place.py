"""Where the reader is in the code, and how much it has done: no paste can make it run on."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import CodeRefused

MOST_STEPS = 60_000
STEPS_A_ROW = 20  # what working out a layer's row costs, in steps through the code
STEPS_A_SHAPE = 5  # and its output shape alone
ITEMS_A_STEP = 8  # of a list, text or container that an expression brings up
SPANS_A_STEP = 4  # of a receptive field that repeats itself
MOST_ITEMS = 10_000  # in a list, a text, a range that is gone through
MOST_DEPTH = 40  # calls within calls
MOST_BITS = 63  # of a whole number


class Place:
    """`line` is that of the expression being read, counted from 1."""

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.line: int | None = None
        self.steps_left = steps
        self.depth = 0

    def step(self, node: ast.AST) -> None:
        """Moves to `node`."""
        self.line = getattr(node, "lineno", self.line)
        self.spend(1)

    def spend(self, steps: int) -> None:
        """Counts `steps`.

        Raises:
            CodeRefused: there are not as many left.
        """
        self.steps_left -= steps
        if self.steps_left < 0:
            raise CodeRefused(
                "The code goes on for too long to be read.",
                fix="Make its loops shorter, or paste fewer layers.",
                line=self.line,
            )

    @contextmanager
    def at_most(self, steps: int) -> Iterator[None]:
        """Lets what is inside take no more than `steps` of those that are left."""
        before = self.steps_left
        self.steps_left = min(before, steps)
        allowed = self.steps_left
        try:
            yield
        finally:
            self.steps_left = before - (allowed - self.steps_left)


def bounded_size(size: int, what: str) -> int:
    """`size`, which `what` would have.

    Raises:
        CodeRefused: it is more than the reader holds.
    """
    if size > MOST_ITEMS:
        raise CodeRefused(
            f"A {what} here would become too long.",
            expected=f"at most {MOST_ITEMS:,}",
            found=f"{size:,}" if size.bit_length() <= MOST_BITS else "a huge number",
            fix="Make it shorter.",
        )
    return size


def bounded_number(number: int | float) -> int | float:
    """`number` itself.

    Raises:
        CodeRefused: a whole number that no layer could have.
    """
    if isinstance(number, int) and number.bit_length() > MOST_BITS:
        raise CodeRefused("A number here is too large to be a size.", fix="Use smaller numbers.")
    return number


def clipped(text: str, most: int = 60) -> str:
    """The user's own words as a message can quote them: one line, not too long."""
    line = " ".join(text[: 4 * most].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= most else line[: most - 1] + "…"
