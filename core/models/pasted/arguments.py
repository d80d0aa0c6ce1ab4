"""Arguments of torch.nn's layers, as numbers that the records of core.layers can have."""

from collections.abc import Callable

from core.errors import CodeRefused
from core.layers.shapes import Pair
from core.layers.windows import PaddingMode
from core.models.pasted.operators import truth
from core.models.pasted.values import Value, described, integer

LARGEST = 10**9


def size(value: Value, what: str) -> int:
    """A whole number that a layer can have as `what`."""
    number = integer(value, what)
    if abs(number) > LARGEST:
        raise CodeRefused(f"{what} is too large.", found=f"{number:,}", fix="Use a smaller number.")
    return number


def positive(value: Value, what: str) -> int:
    number = size(value, what)
    if number < 1:
        raise CodeRefused(f"{what} has to be at least 1.", found=str(number), fix="Use a positive number.")
    return number


def pair(value: Value, what: str) -> Pair:
    """A number for both axes, or one for the rows and one for the columns."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise CodeRefused(
                f"{what} has to be one number, or two: rows and columns.",
                found=described(value),
                fix=f"Write {what} as 3 or as (3, 5).",
            )
        return size(value[0], what), size(value[1], what)
    return size(value, what), size(value, what)


def single(value: Value, what: str) -> int:
    """The number of a layer along one axis, which PyTorch also takes as (n,)."""
    if isinstance(value, tuple | list) and len(value) == 1:
        return size(value[0], what)
    return size(value, what)


def share(value: Value, what: str) -> float:
    """A probability."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodeRefused(f"{what} has to be a number.", found=described(value), fix="Write it as 0.5.")
    return float(value)


def padding_mode_of(value: Value) -> PaddingMode:
    if value not in tuple(PaddingMode):
        modes = ", ".join(PaddingMode)
        raise CodeRefused(
            "This padding mode isn't known.", expected=modes, found=described(value), fix="Use one."
        )
    return PaddingMode(value)


def padding_of(value: Value, read: Callable[[Value, str], Value]) -> Value:
    if isinstance(value, str):
        if value not in ("same", "valid"):
            found = described(value)
            raise CodeRefused('Padding is a number, "same" or "valid".', found=found, fix='Write "same".')
        return value
    return read(value, "padding")


def no_indices(return_indices: Value) -> None:
    if truth(return_indices):
        raise CodeRefused("Pooling that returns indices can't be followed.", fix="Leave return_indices out.")


def sides_of(value: Value) -> tuple[int | None, int | None]:
    sides = value if isinstance(value, tuple | list) else (value, value)
    if len(sides) != 2:
        raise CodeRefused("output_size is one number, or two.", found=described(value), fix="Write (1, 1).")
    rows, columns = (None if side is None else size(side, "output_size") for side in sides)
    return rows, columns
