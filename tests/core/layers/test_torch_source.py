from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.torch_source import torch_source
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode
from core.models.cnn import torch_module
from tests.core.layers import (
    test_adaptive,
    test_batch_norm,
    test_convolution,
    test_linear,
    test_pooling,
    test_transposed,
)

DRAWS = (
    test_convolution.some_conv2d,
    test_convolution.some_conv1d,
    test_transposed.some_layer,
    test_pooling.some_max_pool,
    test_pooling.some_average_pool,
    test_pooling.some_max_pool_1d,
    test_pooling.some_average_pool_1d,
    test_adaptive.some_layer,
    test_adaptive.some_layer_1d,
    test_batch_norm.some_layer,
    test_linear.some_linear,
    lambda random: (Dropout(random.random(), random.choice(("Dropout", "Dropout2d"))), (3, 4, 5)),
    lambda random: (Activation(random.choice(("ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid"))), (3,)),
    test_linear.some_flatten,
)


def drawn(seed: int) -> Layer | None:
    """A layer that can be built."""
    random = Random(seed)
    layer, shape = random.choice(DRAWS)(random)
    try:
        layer.output_shape(shape)
    except LayerError:
        return None
    return layer


def arguments(module: nn.Module) -> dict:
    """What the module was made with, numbers for both axes written as pairs."""
    values = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    return {k: (v, v) if v is None or type(v) is int else v for k, v in values.items()}


@settings(max_examples=1200, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_source_makes_the_very_module(seed):
    layer = drawn(seed)
    if layer is None:
        return
    written, built = eval(torch_source(layer), {"nn": nn}), torch_module(layer)
    assert type(written) is type(built)
    assert arguments(written) == arguments(built)
    assert [w.shape for w in written.parameters()] == [w.shape for w in built.parameters()]


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        (Conv2d(1, 16, (3, 3), padding=(1, 1)), "nn.Conv2d(1, 16, kernel_size=3, padding=1)"),
        (Conv2d(1, 16, (3, 5), padding="same"), 'nn.Conv2d(1, 16, kernel_size=(3, 5), padding="same")'),
        (MaxPool2d((2, 2), stride=(2, 2)), "nn.MaxPool2d(2)"),
        (Linear(1250, 1), "nn.Linear(1250, 1)"),
        (Conv1d(2, 4, 5), "nn.Conv1d(2, 4, kernel_size=5)"),
        (
            Conv2d(4, 4, (3, 3), groups=4, padding_mode=PaddingMode.CIRCULAR),
            'nn.Conv2d(4, 4, kernel_size=3, groups=4, padding_mode="circular")',
        ),
        (
            ConvTranspose2d(8, 4, (3, 3), (2, 2), (1, 1), (1, 1)),
            "nn.ConvTranspose2d(8, 4, kernel_size=3, stride=2, padding=1, output_padding=1)",
        ),
        (AvgPool2d((3, 3), (2, 2), ceil_mode=True), "nn.AvgPool2d(3, stride=2, ceil_mode=True)"),
        (AdaptiveAvgPool2d((7, None)), "nn.AdaptiveAvgPool2d((7, None))"),
        (AdaptiveAvgPool2d((None, None)), "nn.AdaptiveAvgPool2d(None)"),
        (BatchNorm2d(8, affine=False), "nn.BatchNorm2d(8, affine=False)"),
        (Dropout(0.2, "Dropout2d"), "nn.Dropout2d(0.2)"),
    ],
)
def test_defaults_are_left_out(layer, source):
    assert torch_source(layer) == source
