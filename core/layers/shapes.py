"""The shapes that pass between layers, without the batch: maps (C, H, W), sequences (C, L), vectors (N,)."""

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
            f"{layer} works on maps, and a {kind_of(shape)} reaches it.",
            expected="(C, H, W)",
            found=shape_text(shape),
            fix="Put it before the flattening.",
        )
    found, height, width = shape
    check_channels_of(shape, layer, channels)
    return found, height, width


def sequence_of(shape: Shape, layer: str, channels: int | None = None) -> Pair:
    """`shape` as (C, L), with C checked where the layer fixes it.

    A batch of vectors (B, N) would be taken by PyTorch for one sequence without a batch; here it is refused.

    Raises:
        LayerError: `shape` is no sequence, or has another number of channels.
    """
    if len(shape) != 2:
        raise LayerError(
            f"{layer} works on sequences, and a {kind_of(shape)} reaches it.",
            expected="(C, L)",
            found=shape_text(shape),
            fix="Use the layer for as many axes as its input has, or put it before the flattening.",
        )
    found, length = shape
    check_channels_of(shape, layer, channels)
    return found, length


def check_channels_of(shape: Shape, layer: str, channels: int | None) -> None:
    """Raises LayerError where `shape` has another number of channels than the layer is made for."""
    if channels is not None and shape[0] != channels:
        fix = f"Make the layer for {_channels(shape[0])}, or change the layer before it."
        if channels in shape[1:]:
            fix = f"Channels come first, (C, H, W): leave out what moved the {channels} from there."
        raise LayerError(
            f"{layer} is made for another number of channels.",
            expected=_channels(channels),
            found=f"{shape[0]}, of {shape_text(shape)}",
            fix=fix,
        )


def _channels(number: int) -> str:
    return "1 channel" if number == 1 else f"{number} channels"


def kind_of(shape: Shape) -> str:
    """What a shape is called: "vector", "sequence" or "map"."""
    return {1: "vector", 2: "sequence", 3: "map"}.get(len(shape), f"shape of {len(shape)} axes")


def shape_text(shape: Shape) -> str:
    """(16, 32, 32) as "16 × 32 × 32"."""
    return " × ".join(str(side) for side in shape)


def pair_text(pair: Pair) -> str:
    """A square (3, 3) as "3×3", and (3, 5) as "3×5"."""
    return f"{pair[0]}×{pair[1]}"
