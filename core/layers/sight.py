"""Which pixels of the picture each value along one axis depends on, exactly.

After a transposed convolution, neighbouring values see windows of different sizes in turn, so a field and a
stride alone don't tell what the next layer sees. A period of windows does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

Span = tuple[int, int]  # first and last pixel
MOST_SPANS = 4096
MOST_LOOKS = 1 << 18  # values that a period of windows looks at


@dataclass(frozen=True)
class Sight:
    """Value i sees from the first to the last pixel of spans[i]; value i + period the same, `shift` further.

    A span is None for a value that depends on no pixel: between the windows of a transposed convolution.
    Pixels are counted from the map's first; those in the padding are below 0 or beyond the last.
    """

    spans: tuple[Span | None, ...] = ((0, 0),)
    shift: int = 1

    @property
    def stride(self) -> Fraction:
        """Pixels from one value's window to the next's, on average."""
        return Fraction(self.shift, len(self.spans))

    @property
    def field(self) -> int:
        """Pixels from the first to the last that one value sees at most; 0 if none sees any."""
        return max((last - first + 1 for first, last in filter(None, self.spans)), default=0)

    def at(self, index: int) -> Span | None:
        periods, phase = divmod(index, len(self.spans))
        span = self.spans[phase]
        return span and (span[0] + periods * self.shift, span[1] + periods * self.shift)


def sight_of(field: int, stride: Fraction) -> Sight:
    """Windows of one size, `stride` pixels apart (rounded down where that is no whole number)."""
    firsts = [index * stride.numerator // stride.denominator for index in range(stride.denominator)]
    return Sight(tuple((first, first + field - 1) for first in firsts), stride.numerator)


def through_windows(before: Sight, kernel: int, stride: int, padding: int, dilation: int = 1) -> Sight | None:
    """After a convolution or pooling, whose value i looks at i x stride - padding + 0, dilation ..."""
    period = len(before.spans) // gcd(len(before.spans), stride)
    if period * kernel > MOST_SPANS:
        return None
    looks = [[index * stride - padding + tap * dilation for tap in range(kernel)] for index in range(period)]
    return _looking(before, looks, period * stride)


def through_spread(before: Sight, kernel: int, stride: int, padding: int, dilation: int = 1) -> Sight | None:
    """After a transposed convolution, whose value i x stride - padding + tap x dilation comes from i."""
    period = len(before.spans) * stride
    if period * kernel > MOST_SPANS:
        return None
    looks = []
    for index in range(period):
        starts = (index + padding - tap * dilation for tap in range(kernel))
        looks.append([start // stride for start in starts if start % stride == 0])
    return _looking(before, looks, len(before.spans))


def through_parts(before: Sight, size: int, parts: int) -> Sight | None:
    """After adaptive pooling of `size` values to `parts`, as PyTorch cuts them."""
    period = lcm(len(before.spans), size) // size * parts
    if period > MOST_SPANS or period * (size // parts + 2) > MOST_LOOKS:
        return None
    looks = [range(index * size // parts, -(-(index + 1) * size // parts)) for index in range(period)]
    return _looking(before, looks, period * size // parts)


def united(sights: Sequence[Sight]) -> Sight | None:
    """What all see together; None where their strides differ, so that they drift apart."""
    period = lcm(*(len(sight.spans) for sight in sights))
    if len({sight.stride for sight in sights}) > 1 or period > MOST_SPANS:
        return None
    spans = [_around(sight.at(index) for sight in sights) for index in range(period)]
    return _shortest(spans, int(period * sights[0].stride))


def _looking(before: Sight, looks: Sequence[Sequence[int]], values: int) -> Sight:
    """A period of values that look at `looks`; it moves on by so many `values` of the map before."""
    spans = [_around(before.at(index) for index in look) for look in looks]
    return _shortest(spans, int(values * before.stride))


def _around(spans: Iterable[Span | None]) -> Span | None:
    seen = [span for span in spans if span]
    return (min(first for first, _ in seen), max(last for _, last in seen)) if seen else None


def _shortest(spans: Sequence[Span | None], shift: int) -> Sight:
    """The shortest period that says the same."""
    for period in range(1, len(spans)):
        if len(spans) % period == 0 and shift * period % len(spans) == 0:
            shorter = Sight(tuple(spans[:period]), shift * period // len(spans))
            if all(shorter.at(index) == span for index, span in enumerate(spans)):
                return shorter
    return Sight(tuple(spans), shift)
