"""The shapes that pass between layers, without the batch: maps (C, H, W) and vectors (N,)."""

from core.errors import LayerError

Pair = tuple[int, int]  # (rows, columns)
MapShape = tuple[int, int, int]  # (C, H, W)
Shape = tuple[int, ...]


def maps_of(shape: Shape, layer: str, channels: int | None = None) -> MapShape:
    """`shape` as (C, H, W), with C checked where the layer fixes it.

    Raises:
        LayerError: `shape` is a vector, or has another number of channels.
    """
    if len(shape) != 3:
        raise LayerError(
            f"{layer} works on maps, and a vector reaches it.",
            expected="(C, H, W)",
            found=shape_text(shape),
            fix="Put it before the flattening.",
        )
    found, height, width = shape
    if channels is not None and found != channels:
        raise LayerError(
            f"{layer} is made for another number of channels.",
            expected=f"{channels} channels",
            found=f"{found}, of {shape_text(shape)}",
            fix=f"Make the layer for {found} channels, or change the layer before it.",
        )
    return found, height, width


def shape_text(shape: Shape) -> str:
    """(16, 32, 32) as "16 × 32 × 32"."""
    return " × ".join(str(side) for side in shape)


def pair_text(pair: Pair) -> str:
    """A square (3, 3) as "3×3", and (3, 5) as "3×5"."""
    return f"{pair[0]}×{pair[1]}"
