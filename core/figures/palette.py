"""Okabe and Ito's colours, told apart by readers with any colour vision (Okabe & Ito 2008)."""

BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILLION = "#D55E00"
SKY_BLUE = "#56B4E9"
PURPLE = "#CC79A7"
GREY = "#8C8C8C"  # not of the eight: for what carries no meaning by its colour, on light and on dark


def shade(color: str, share: float) -> str:
    """`color` ("#rrggbb") mixed with white by `share` in 0..1, or with black by -share."""
    toward = 255 if share > 0 else 0
    channels = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [round(value + (toward - value) * abs(share)) for value in channels]
    return "#" + "".join(f"{value:02x}" for value in mixed)
