"""Pieces of inline SVG; colours are left to the classes of assets/layer_picture.css."""

from collections.abc import Iterable
from html import escape


def number(value: float) -> str:
    """At most two decimals, and none that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def rect(kind: str, x: float, y: float, width: float, height: float, extra: str = "") -> str:
    sides = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{kind}" {sides}{extra}/>'


def path(kind: str, boxes: Iterable[tuple[float, float, float, float]]) -> str:
    """One path of many boxes (x, y, width, height), as light as a drawing can be."""
    strokes = "".join(
        f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"
        for x, y, width, height in boxes
    )
    return f'<path class="{kind}" d="{strokes}"/>' if strokes else ""


def text(kind: str, x: float, y: float, words: str, anchor: str = "start") -> str:
    place = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def picture(width: float, height: float, title: str, body: str, extra: str = "") -> str:
    """The whole: `title` is what a screen reader says."""
    box = f'viewBox="0 0 {number(width)} {number(height)}"'
    return f'<svg {box} role="img" aria-label="{escape(title)}"{extra}>{body}</svg>'


def hatching() -> str:
    """The pattern of what PyTorch refuses or no window touches, for use inside <defs>."""
    return (
        '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatching" d="M0 0V6"/></pattern>'
    )
