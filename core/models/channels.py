"""Where the channels of a map are: in front, or, where a layer works on places one by one, at the end."""

from dataclasses import dataclass

from core.layers.shapes import Shape
from core.models.walk import Walk, sources_of

CHANNELS_LAST = ("Linear", "LayerNorm", "MultiheadAttention")
CHANNELS_FIRST = (
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "Einsum",
    "Flatten",
    "MatMul",
    "MaxPool1d",
    "MaxPool2d",
    "Mean",
    "Reshape",
    "WindowDepartition",
)  # the others keep the order of what they take


@dataclass(frozen=True)
class Arrangement:
    """`shape` is a row's output with the channels in front; `is_turned` if they are at its end in truth."""

    shape: Shape
    is_turned: bool


def arrangements(walk: Walk) -> list[Arrangement]:
    """One a row: maps (C, H, W) or (C, L), also where a layer works on (H, W, C) or on tokens (N, C)."""
    found: list[Arrangement] = []
    last: list[bool] = []
    for i, row in enumerate(walk.rows):
        sources = [source for source in sources_of(walk, i) if source >= 0]
        if row.layer in CHANNELS_LAST:
            last.append(True)
        elif row.layer in CHANNELS_FIRST:
            last.append(False)
        else:
            last.append(
                any(last[s] for s in sources if walk.rows[s].output == row.input)
                or any(_tokens(walk.rows[s].output) == row.input for s in sources)
            )
        turned = last[-1] and len(row.output) in (2, 3)
        found.append(Arrangement((row.output[-1], *row.output[:-1]) if turned else row.output, turned))
    return found


def _tokens(shape: Shape) -> Shape:
    """A map (C, H, W) as a list of places (H x W, C)."""
    return (shape[1] * shape[2], shape[0]) if len(shape) == 3 else ()
