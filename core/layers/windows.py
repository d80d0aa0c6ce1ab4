"""A window sliding along one axis: the arithmetic that convolution and pooling share.

Formulas as in PyTorch's documentation of Conv2d and MaxPool2d.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from core.errors import LayerError


class PaddingMode(StrEnum):
    """What stands in the padding: zeros, the map mirrored at its edge, its edge pixel, or its other side."""

    ZEROS = "zeros"
    REFLECT = "reflect"
    REPLICATE = "replicate"
    CIRCULAR = "circular"


@dataclass(frozen=True)
class Windows:
    """All positions of a window over an axis of `size` pixels, with every number on the way.

    `padding` is (before, after). With `ceil_mode` a last window that begins on the map or in the
    padding before it is kept, though it reaches beyond the padded axis.

    Raises:
        LayerError: a setting is below its least value, the padding can't be filled from the map, or
            the window is larger than the padded axis.
    """

    size: int
    kernel: int
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    dilation: int = 1
    ceil_mode: bool = False
    mode: PaddingMode = PaddingMode.ZEROS

    def __post_init__(self) -> None:
        least = 0 if self.mode == PaddingMode.ZEROS else None
        check_window(self.kernel, self.stride, min(self.padding), self.dilation, least_padding=least)
        self._check_padding()
        if self.positions < 1:
            self._refuse_larger_than_map()

    @property
    def padded(self) -> int:
        """size + before + after."""
        return self.size + sum(self.padding)

    @property
    def span(self) -> int:
        """dilation (kernel - 1) + 1: pixels from the first to the last tap, both counted."""
        return span(self.kernel, self.dilation)

    @property
    def room(self) -> int:
        """padded - span: how far the window can move; below 0 only where ceil_mode keeps one."""
        return self.padded - self.span

    @property
    def quotient(self) -> Fraction:
        """room / stride, before it is rounded."""
        return Fraction(self.room, self.stride)

    @property
    def rounded(self) -> int:
        """The quotient's floor, or its ceiling in ceil_mode."""
        return ceil(self.quotient) if self.ceil_mode else floor(self.quotient)

    @property
    def dropped(self) -> int:
        """1 where ceil_mode drops a last window that would begin in the padding after the map, else 0."""
        return int(self.ceil_mode and self.rounded * self.stride >= self.size + self.padding[0])

    @property
    def positions(self) -> int:
        """The output's size: rounded + 1 - dropped."""
        return self.rounded + 1 - self.dropped

    @property
    def beyond(self) -> int:
        """Pixels that the last window reaches beyond the padded axis; 0 but in ceil_mode."""
        return max(0, (self.positions - 1) * self.stride + self.span - self.padded)

    @property
    def seen(self) -> frozenset[int]:
        """Pixels of the map, from 0, that some tap touches, be it by way of the padding."""
        touched = set()
        for position in range(self.positions):
            for tap in range(self.kernel):
                pixel = self.pixel_at(position * self.stride + tap * self.dilation)
                if pixel is not None:
                    touched.add(pixel)
        return frozenset(touched)

    @property
    def unseen_at_end(self) -> int:
        """Pixels at the map's far edge (right or bottom) that no window ever touches."""
        return self.size - 1 - max(self.seen, default=-1)

    @property
    def skipped(self) -> int:
        """Pixels before those at the far edge that no window touches: between windows, or between taps."""
        return self.size - len(self.seen) - self.unseen_at_end

    def pixel_at(self, place: int) -> int | None:
        """The pixel of the map that stands at `place` of the padded axis; None for a zero of the padding."""
        pixel, last = place - self.padding[0], self.size - 1
        if 0 <= pixel <= last:
            return pixel
        if place >= self.padded:
            return None
        match self.mode:
            case PaddingMode.REFLECT:
                return -pixel if pixel < 0 else 2 * last - pixel
            case PaddingMode.REPLICATE:
                return 0 if pixel < 0 else last
            case PaddingMode.CIRCULAR:
                return pixel % self.size
            case PaddingMode.ZEROS:
                return None

    def _check_padding(self) -> None:
        most = {PaddingMode.REFLECT: self.size - 1, PaddingMode.CIRCULAR: self.size}.get(self.mode)
        if most is not None and max(self.padding) > most:
            raise LayerError(
                f'The map is too small for padding "{self.mode}", which is filled with its own pixels.',
                expected=f"padding of at most {most} on a side of {self.size} pixels",
                found=str(max(self.padding)),
                fix='Lower the padding, or fill it with "zeros" or "replicate".',
            )

    def _refuse_larger_than_map(self) -> None:
        before, after = self.padding
        around = f"2 × {before}" if before == after else f"{before} + {after}"
        raise LayerError(
            "The window is larger than the map under it.",
            expected=f"a window of at most {self.padded} pixels"
            + (f" ({self.size} + {around} of padding)" if before or after else ""),
            found=f"{self.span} pixels"
            + (f" (kernel {self.kernel}, dilation {self.dilation})" if self.dilation > 1 else ""),
            fix="Use a smaller window, more padding, less pooling before it, or larger pictures.",
        )


def span(kernel: int, dilation: int = 1) -> int:
    """Pixels from the first to the last tap of a window, both counted."""
    return dilation * (kernel - 1) + 1


def same_padding(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """Pixels (before, after) that keep the size at stride 1; the odd one goes after, as in PyTorch."""
    total = span(kernel, dilation) - 1
    return total // 2, total - total // 2


def check_window(
    kernel: int, stride: int, padding: int, dilation: int, *, least_padding: int | None = 0
) -> None:
    """Raises LayerError where PyTorch refuses the number whatever the map."""
    least = {"kernel": (kernel, 1), "stride": (stride, 1), "dilation": (dilation, 1)}
    if least_padding is not None:
        least["padding"] = (padding, least_padding)
    for name, (value, low) in least.items():
        check_least(name, value, low)


def check_least(name: str, value: int, low: int) -> None:
    """Raises LayerError for a setting below its least value."""
    if value < low:
        raise LayerError(
            f"The {name} is too small.",
            expected=f"at least {low}",
            found=str(value),
            fix=f"Raise the {name}.",
        )
