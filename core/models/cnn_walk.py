"""Every layer's output shape, parameters and MACs, and where a network can't be built; no torch."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.errors import LayerError
from core.layers.describe import layer_name, settings_text
from core.layers.layer import Layer
from core.layers.residual import Residual
from core.layers.shapes import MapShape, Shape, shape_text
from core.models.cnn_config import CnnConfig
from core.models.cnn_steps import Step, cnn_steps


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


@dataclass(frozen=True)
class Walk:
    """The rows in the order of computation; where the network can't be built, the last row is the one why."""

    input_shape: MapShape
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


def walk(config: CnnConfig, input_shape: MapShape, outputs: int) -> Walk:
    """The network for pictures of `input_shape` (C, H, W), as far as it can be built; never raises."""
    rows: list[LayerRow] = []
    shape: Shape = input_shape
    for step in cnn_steps(config, input_shape, outputs):
        for row, error in _rows(step, shape):
            rows.append(row)
            if error is not None:
                return Walk(input_shape, tuple(rows), error)
        shape = rows[-1].output
    return Walk(input_shape, tuple(rows))


def _rows(step: Step, shape: Shape) -> Iterator[tuple[LayerRow, LayerError | None]]:
    if not isinstance(step.layer, Residual):
        yield _row(step, step.name, step.part, step.layer, shape)
        return
    sides = {"main": (step.part, step.layer.main), "skip": (f"{step.part}, skip", step.layer.skip)}
    for side, (part, layers) in sides.items():
        reaching = shape
        for name, layer in layers:
            row, error = _row(step, f"{step.name}.{side}.{name}", part, layer, reaching)
            yield row, error
            reaching = row.output
    yield _sum_row(step, step.layer, shape)


def _row(step: Step, name: str, part: str, layer: Layer, shape: Shape) -> tuple[LayerRow, LayerError | None]:
    try:
        output, macs, error = layer.output_shape(shape), layer.macs(shape), None
    except LayerError as refused:
        output, macs, error = (), 0, refused
    row = LayerRow(
        name,
        part,
        step.block,
        layer_name(layer),
        settings_text(layer),
        output,
        layer.parameters,
        macs,
        str(error) if error else None,
    )
    return row, error


def _sum_row(step: Step, residual: Residual, shape: Shape) -> tuple[LayerRow, LayerError | None]:
    """The addition at the end of a residual connection, whose layers have rows of their own."""
    try:
        output, error = residual.output_shape(shape), None
    except LayerError as refused:
        output, error = (), refused
    words = "+ skip" if residual.skip else f"+ input {shape_text(shape)}"
    problem = str(error) if error else None
    return LayerRow(step.name, step.part, step.block, "Add", words, output, 0, 0, problem), error
