"""An attribution as colour over the picture that it explains."""

from io import BytesIO

import numpy as np
from PIL import Image

from core.insight.attribution import Attribution, Method

BEYOND = 0.01  # share of the pixels
LEAST_SIDE = 320  # pixels that a picture is shown at

# Okabe and Ito's blue, orange and vermillion, told apart by readers with any colour vision.
NEUTRAL = (242, 242, 242)
SEQUENTIAL = (NEUTRAL, (230, 159, 0), (213, 94, 0), (165, 45, 0))  # from 0 to the limit
DIVERGING = ((0, 50, 95), (0, 114, 178), NEUTRAL, (230, 130, 0), (170, 60, 0))  # from -limit to the limit

Colors = tuple[tuple[int, int, int], ...]  # RGB in 0..255, evenly spaced


def color_limit(attribution: Attribution) -> float:
    """Where the colours of a map end: at its largest absolute value, or, for the methods that tell pixel by
    pixel, at that which only `BEYOND` of the pixels exceed; a single pixel would make all others pale.
    """
    sizes = np.abs(attribution.values)
    if attribution.method in (Method.GUIDED, Method.INTEGRATED):
        return float(np.quantile(sizes, 1 - BEYOND)) or float(sizes.max())
    return float(sizes.max())


def overlay(
    received: np.ndarray,
    values: np.ndarray,
    opacity: float,
    *,
    limit: float | None = None,
    sequential: Colors = SEQUENTIAL,
    diverging: Colors = DIVERGING,
    least_side: int = LEAST_SIDE,
) -> np.ndarray:
    """`values` (H, W) as colours over `received`, uint8 (H, W, C), in grey; uint8 (H', W', 3).

    `opacity` in 0..1 is the colours' share. Values of one sign (none below 0) take the `sequential` colours,
    others the `diverging` ones around 0. `limit` is the value of the last colour, by default the largest
    absolute value: give one to compare maps. Pixels become squares where the larger side has under
    `least_side` of them.
    """
    scale = limit or float(np.abs(values).max()) or 1.0
    shares = values / scale
    colors = _colors(shares * 2 - 1, sequential) if values.min() >= 0 else _colors(shares, diverging)
    mixed = (1 - opacity) * _grey(received)[..., None] + opacity * colors
    return _enlarged(np.rint(mixed).astype(np.uint8), least_side)


def png_bytes(picture: np.ndarray) -> bytes:
    """uint8 (H, W) or (H, W, 3) as a PNG file."""
    file = BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()


def _colors(places: np.ndarray, colors: Colors) -> np.ndarray:
    """Between the nearest two `colors`, for places (H, W) in -1..1; float (H, W, 3)."""
    ticks = np.linspace(-1, 1, len(colors))
    return np.stack([np.interp(places, ticks, channel) for channel in np.array(colors).T], axis=-1)


def _grey(received: np.ndarray) -> np.ndarray:
    """(H, W) of (H, W, 1) or of colours, weighted as in Pillow's mode "L" (ITU-R 601-2)."""
    if received.shape[2] == 1:
        return received[..., 0]
    return np.asarray(Image.fromarray(received).convert("L"))


def _enlarged(picture: np.ndarray, least_side: int) -> np.ndarray:
    times = -(-least_side // max(picture.shape[:2]))
    return picture.repeat(times, 0).repeat(times, 1)
