"""A network as rows, one a layer in the order of computation, whatever it was read from."""

from dataclasses import dataclass, field
from math import prod

from core.errors import LayerError
from core.layers.describe import layer_name, settings_text
from core.layers.layer import Layer
from core.layers.receptive import Reach
from core.layers.shapes import Shape, shape_text

MOST_VALUES = 10**12  # of a layer's output: more than any memory holds
ONLY_IN_TRAINING = "only in training"  # the path of a row that a trained network leaves out


@dataclass(frozen=True)
class LayerRow:
    """One line of the walk. `output` is (C, H, W) or (N,), and () for a layer that can't be built."""

    name: str  # the module's, such as "conv2" or "residual1.main.conv"
    path: str  # where it stands: "block 2", "block 2, skip", "head", "hidden 1", "output"
    block: int | None  # counted from 0
    layer: str  # its class in torch.nn
    settings: str
    output: Shape
    parameters: int
    macs: int
    problem: str | None = None
    input: Shape = ()
    record: Layer | None = field(default=None, repr=False)  # its arithmetic, where the layer has one
    reach: Reach | None = None  # after the layer; None where there is no map
    line: int | None = None  # in the code that it was read from, counted from 1
    sources: tuple[int, ...] = ()  # rows whose outputs it takes, -1 for the picture; () is the row before
    moment: int | None = field(default=None, repr=False, compare=False)  # of a pass: core.models.following


@dataclass(frozen=True)
class Walk:
    """The rows in the order of computation; where the network can't be built, the last row is the one why."""

    input_shape: Shape
    rows: tuple[LayerRow, ...]
    error: LayerError | None = field(default=None, compare=False)

    @property
    def problem(self) -> str | None:
        """What can't be built, and what to do; None for a network that can."""
        return self.rows[-1].problem if self.rows else None

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one picture."""
        return sum(row.macs for row in self.rows)


def layer_row(
    layer: Layer,
    shape: Shape,
    *,
    name: str,
    path: str,
    block: int | None = None,
    line: int | None = None,
    reach: Reach | None = None,
    sources: tuple[int, ...] = (),
) -> tuple[LayerRow, LayerError | None]:
    """The row of `layer` on a map of `shape`, and why it can't be built if so. `reach` is that after it."""
    try:
        output, macs, error = layer.output_shape(shape), layer.macs(shape), None
        check_values(output)
    except LayerError as refused:
        output, macs, error = (), 0, refused
    row = LayerRow(
        name,
        path,
        block,
        layer_name(layer),
        settings_text(layer),
        output,
        layer.parameters,
        macs,
        str(error) if error else None,
        input=shape,
        record=layer,
        reach=None if error else reach,
        line=line,
        sources=sources,
    )
    return row, error


def check_values(output: Shape) -> None:
    """Raises LayerError for an output that no memory holds."""
    if prod(output) > MOST_VALUES:
        raise LayerError(
            "The output is larger than any memory.",
            expected=f"at most {MOST_VALUES:,} values a picture",
            found=shape_text(output),
            fix="Use smaller pictures, smaller strides, or fewer channels.",
        )


def sources_of(walk: Walk, row: int) -> tuple[int, ...]:
    """Rows whose outputs `row` takes; -1 is the picture."""
    return walk.rows[row].sources or (row - 1,)
