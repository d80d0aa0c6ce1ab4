"""The walk of a torch module that no name stands for."""

from torch import nn

from core.layers.shapes import MapShape
from core.models.registry_trace import Trace
from core.models.walk import Walk


def traced(model: nn.Module, input_shape: MapShape) -> Walk:
    """Every layer of `model` for a picture (C, H, W). It goes to the meta device: give a copy."""
    trace = Trace(model.to("meta").eval(), {})
    trace.run(input_shape)
    return Walk(input_shape, tuple(trace.rows))
