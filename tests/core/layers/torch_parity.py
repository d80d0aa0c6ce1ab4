"""Our arithmetic of a layer against the module that it stands for, run on a real tensor."""

import warnings
from collections.abc import Callable

import torch
from torch import nn

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.shapes import Shape


def assert_agrees(layer: Layer, make: Callable[[], nn.Module], input_shape: Shape) -> None:
    """Same output shape and parameters, or refused by both: `make` builds the torch module."""
    expected = _answer_of_torch(make, input_shape)
    try:
        found = layer.output_shape(input_shape), layer.parameters
    except LayerError:
        found = None
    assert found == expected


def _answer_of_torch(make: Callable[[], nn.Module], input_shape: Shape) -> tuple[Shape, int] | None:
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        try:
            module = make()
            output = module(torch.zeros(2, *input_shape))
        except (ValueError, RuntimeError):
            return None
    return tuple(output.shape[1:]), sum(weight.numel() for weight in module.parameters())
