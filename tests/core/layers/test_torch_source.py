import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.torch_source import torch_source
from core.models.cnn import torch_module


def pairs(low: int, high: int) -> st.SearchStrategy:
    return st.tuples(st.integers(low, high), st.integers(low, high))


layers = st.one_of(
    st.builds(
        Conv2d,
        in_channels=st.integers(1, 3),
        out_channels=st.integers(1, 3),
        kernel=pairs(1, 4),
        stride=pairs(1, 3),
        padding=pairs(0, 2),
        dilation=pairs(1, 2),
        bias=st.booleans(),
    ),
    st.builds(
        Conv2d, in_channels=st.just(2), out_channels=st.just(2), kernel=pairs(1, 4), padding=st.just("same")
    ),
    st.builds(MaxPool2d, kernel=pairs(2, 4), stride=pairs(1, 4), padding=pairs(0, 1), dilation=pairs(1, 2)),
    st.builds(AvgPool2d, kernel=pairs(2, 4), stride=pairs(1, 4), padding=pairs(0, 1)),
    st.builds(AdaptiveAvgPool2d, output=pairs(1, 3)),
    st.builds(Linear, in_features=st.integers(1, 5), out_features=st.integers(1, 5), bias=st.booleans()),
    st.builds(BatchNorm2d, channels=st.integers(1, 5)),
    st.builds(Dropout, probability=st.floats(0, 0.9)),
    st.sampled_from(["ReLU", "LeakyReLU", "GELU", "Tanh", "Sigmoid"]).map(Activation),
    st.just(Flatten()),
)


def arguments(module: nn.Module) -> dict:
    """What the module was made with, numbers for both axes written as pairs."""
    values = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    return {key: (value, value) if type(value) is int else value for key, value in values.items()}


@settings(max_examples=400, deadline=None)
@given(layer=layers)
def test_source_makes_the_very_module(layer):
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
    ],
)
def test_defaults_are_left_out(layer, source):
    assert torch_source(layer) == source
