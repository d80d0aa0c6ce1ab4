"""Okabe and Ito's colours, told apart by readers with any colour vision (Okabe & Ito 2008)."""

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY_BLUE = "#E69F00", "#56B4E9"
GREY = "#8C8C8C"  # not of theirs: for what carries no meaning by its colour, on light and on dark


def shade(color: str, share: float) -> str:
    """`color` ("#rrggbb") mixed with white by `share` in 0..1, or with black by -share."""
    toward = 255 if share > 0 else 0
    channels = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [round(value + (toward - value) * abs(share)) for value in channels]
    return "#" + "".join(f"{value:02x}" for value in mixed)


# Orange and sky blue are darkened, so that every line stands out from a light and from a dark page.
LINES = (BLUE, VERMILLION, GREEN, PURPLE, shade(ORANGE, -0.22), shade(SKY_BLUE, -0.25), GREY)
DASHES = ("solid", "dash", "dashdot")


def line_style(position: int) -> tuple[str, str]:
    """(colour, dash) of the line at `position`: new colours first, then the same ones in another dash."""
    return LINES[position % len(LINES)], DASHES[position // len(LINES) % len(DASHES)]
