from random import Random

import pytest
from torch import nn

from core.errors import LayerError
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.layer import Layer
from core.layers.shapes import Shape
from tests.core.layers.torch_parity import assert_agrees_always


def some_layer(random: Random) -> tuple[Layer, Shape]:
    channels = random.randint(0, 4)
    shape = tuple(random.randint(1, 6) for _ in range(random.randint(1, 3)))
    fitting = (max(channels, 1), *shape[1:])
    layer = random.choice((BatchNorm2d, BatchNorm1d))(channels, affine=random.random() < 0.7)
    return layer, fitting if random.random() < 0.7 else shape


def module_of(layer: Layer) -> nn.Module:
    if not layer.channels:
        raise ValueError("torch counts with channels that aren't there, and fails with an IndexError")
    return getattr(nn, type(layer).__name__)(layer.channels, affine=layer.affine)


def test_agrees_with_torch():
    assert_agrees_always(some_layer, module_of)


def test_maps_before_the_norm_of_sequences_are_sent_to_the_other():
    with pytest.raises(LayerError, match="Use BatchNorm2d here"):
        BatchNorm1d(3).output_shape((3, 4, 4))
