"""Every layer's output shape, parameters and MACs, and where a network can't be built; no torch."""

from collections.abc import Iterator

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.residual import Residual
from core.layers.shapes import MapShape, Shape, shape_text
from core.models.cnn_config import CnnConfig
from core.models.cnn_steps import Step, cnn_steps
from core.models.walk import LayerRow, Walk, layer_row


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
    return layer_row(layer, shape, name=name, path=part, block=step.block)


def _sum_row(step: Step, residual: Residual, shape: Shape) -> tuple[LayerRow, LayerError | None]:
    """The addition at the end of a residual connection, whose layers have rows of their own."""
    try:
        output, error = residual.output_shape(shape), None
    except LayerError as refused:
        output, error = (), refused
    words = "+ skip" if residual.skip else f"+ input {shape_text(shape)}"
    problem = str(error) if error else None
    row = LayerRow(step.name, step.part, step.block, "Add", words, output, 0, 0, problem, input=shape)
    return row, error
