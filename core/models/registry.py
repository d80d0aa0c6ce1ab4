"""The walk of torchvision's classification models, on the meta device: no weights, no download."""

from dataclasses import replace

from core.errors import LayerError
from core.layers.shapes import MapShape, shape_text
from core.models.registry_build import CHANNELS, build_on_meta, float_name, least_size, sizes
from core.models.registry_trace import Trace
from core.models.walk import LayerRow, Walk

# Heads that only training runs, under the module whose output they take.
TRAINING_ONLY = {"inception_v3": {"Mixed_6e": "AuxLogits"}}


def walk_model(name: str, input_shape: MapShape) -> Walk:
    """Every layer of model `name` for a picture of `input_shape` (C, H, W), as far as it can run.

    Raises:
        ConfigError: no model has this name. A size that doesn't fit is the last row's problem, not an error.
    """
    if (error := _refused(name, input_shape)) is not None:
        row = LayerRow("input", "", None, "Input", "", (), 0, 0, str(error), input=input_shape)
        return Walk(input_shape, (row,), error)
    trace = Trace(build_on_meta(name, input_shape), TRAINING_ONLY.get(float_name(name), {}))
    try:
        trace.run(input_shape)
    except (RuntimeError, ValueError):
        row = trace.stopped_at()
        error = _too_small(name, input_shape, row)
        return Walk(input_shape, (*trace.rows, replace(row, problem=str(error))), error)
    return Walk(input_shape, tuple(trace.rows))


def _refused(name: str, input_shape: MapShape) -> LayerError | None:
    """Why a picture can't go into the model, whatever its layers."""
    channels, *size = input_shape
    if channels != CHANNELS:
        return LayerError(
            f"{name} looks at colour pictures.",
            expected=f"{CHANNELS} channels",
            found=f"{channels}, of {shape_text(input_shape)}",
            fix=f"Set the channels to {CHANNELS}.",
        )
    if (allowed := sizes(name)) and tuple(size) not in allowed:
        words = " or ".join(f"{shape_text(pair)}" for pair in allowed)
        return LayerError(
            f"{name} is made for one size of pictures: it has learned a number for every place in them.",
            expected=f"{words} pixels",
            found=shape_text(tuple(size)),
            fix=f"Set the size to {shape_text(allowed[0])}.",
        )
    return None


def _too_small(name: str, input_shape: MapShape, row: LayerRow) -> LayerError:
    least = shape_text(least_size(name))
    return LayerError(
        f"Pictures of {shape_text(input_shape[1:])} pixels shrink to nothing on their way through {name}.",
        expected=f"at least {least} pixels",
        found=f"a map of {shape_text(row.input[1:])} at {row.name}, smaller than its window",
        fix=f"Set the size to {least} or more.",
    )
