"""Every layer's output shape, parameters, MACs and reach, and where a network can't be built; no torch."""

from collections.abc import Iterable

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.receptive import Reach, joined, reach_after
from core.layers.residual import Residual
from core.layers.shapes import MapShape, Shape, shape_text
from core.models.cnn_config import CnnConfig
from core.models.cnn_steps import Step, cnn_steps
from core.models.walk import LayerRow, Walk, layer_row


def walk(config: CnnConfig, input_shape: MapShape, outputs: int) -> Walk:
    """The network for pictures of `input_shape` (C, H, W), as far as it can be built; never raises."""
    walking = _Walking(input_shape)
    try:
        for step in cnn_steps(config, input_shape, outputs):
            if isinstance(step.layer, Residual):
                walking.add_residual(step, step.layer)
            else:
                walking.add_chain(step.part, step.block, [(step.name, step.layer)])
    except LayerError as error:
        return Walk(input_shape, tuple(walking.rows), error)
    return Walk(input_shape, tuple(walking.rows))


class _Walking:
    """The rows so far. A row that can't be built is added, and its LayerError raised."""

    def __init__(self, input_shape: MapShape) -> None:
        self.input_shape = input_shape
        self.rows: list[LayerRow] = []

    @property
    def last(self) -> int:
        """Index of the newest row, -1 for the picture."""
        return len(self.rows) - 1

    def shape_after(self, index: int) -> Shape:
        return self.rows[index].output if index >= 0 else self.input_shape

    def reach_after(self, index: int) -> Reach | None:
        return self.rows[index].reach if index >= 0 else Reach()

    def add_chain(
        self, part: str, block: int | None, layers: Iterable[tuple[str, Layer]], source: int | None = None
    ) -> int:
        """Named layers one after another, the first on the output of row `source`; the last row's index."""
        before = self.last if source is None else source
        for name, layer in layers:
            shape = self.shape_after(before)
            row, error = layer_row(
                layer,
                shape,
                name=name,
                path=part,
                block=block,
                reach=reach_after(layer, self.reach_after(before), shape),
                sources=() if before == self.last else (before,),
            )
            self.rows.append(row)
            if error is not None:
                raise error
            before = self.last
        return before

    def add_residual(self, step: Step, residual: Residual) -> None:
        """The rows of both sides, and the addition at their end."""
        start = self.last
        sides = (("main", step.part, residual.main), ("skip", f"{step.part}, skip", residual.skip))
        sources = tuple(
            self.add_chain(part, step.block, _within(f"{step.name}.{side}", layers), start)
            for side, part, layers in sides
        )
        shape = self.shape_after(start)
        words = "+ skip" if residual.skip else f"+ input {shape_text(shape)}"
        output: Shape = ()
        problem, reach = None, None
        try:
            output = residual.output_shape(shape)
            reach = joined(self.reach_after(source) for source in sources)
        except LayerError as error:
            problem = str(error)
            raise
        finally:
            self.rows.append(
                LayerRow(
                    step.name,
                    step.part,
                    step.block,
                    "Add",
                    words,
                    output,
                    0,
                    0,
                    problem,
                    input=shape,
                    reach=reach,
                    sources=sources,
                )
            )


def _within(path: str, layers: Iterable[tuple[str, Layer]]) -> list[tuple[str, Layer]]:
    return [(f"{path}.{name}", layer) for name, layer in layers]
