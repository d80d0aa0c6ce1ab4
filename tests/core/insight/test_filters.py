import numpy as np
import pytest
import torch
from torch import nn

from core.insight.filters import Order, Shown, filter_layers, slices_of, weights_of


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.Conv2d(6, 8, 1),
        nn.Conv2d(8, 4, 3, groups=2),
        nn.Conv2d(4, 4, (1, 3)),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


def test_every_convolution_is_found_with_ways_that_suit_it(model: nn.Sequential) -> None:
    found = {layer.name: layer for layer in filter_layers(model)}
    assert list(found) == ["0", "2", "3", "4", "5"]
    assert found["0"].views == (Shown.COLORS, Shown.FILTER, Shown.CHANNEL)
    assert found["2"].views == (Shown.SINGLE,)
    assert found["3"].views == (Shown.MATRIX, Shown.FILTER, Shown.CHANNEL)
    assert found["4"].views == (Shown.FILTER, Shown.CHANNEL)
    assert found["0"].words == "6 filters of 3 x 5 x 5"
    assert found["2"].words == "6 filters of 3 x 3, depthwise: each looks at one channel only"
    assert found["4"].words == "4 filters of 4 x 3 x 3, in 2 groups"


def test_a_grey_pictures_filters_have_one_slice() -> None:
    (layer,) = filter_layers(nn.Sequential(nn.Conv2d(1, 4, 3)))
    assert layer.views == (Shown.SINGLE,)
    assert layer.words == "4 filters of 1 x 3 x 3"


def test_slices_are_the_weights(model: nn.Sequential) -> None:
    layers = {layer.name: layer for layer in filter_layers(model)}
    first = weights_of(model.state_dict(), layers["0"])
    assert np.array_equal(first, model[0].weight.detach().numpy())
    colors = slices_of(first, Shown.COLORS, 0, Order.INDEX)
    assert len(colors) == 6
    assert np.array_equal(colors[4].values[1, 2], first[4, :, 1, 2])
    one = slices_of(first, Shown.FILTER, 4, Order.INDEX)
    assert [piece.label for piece in one] == ["channel 0", "channel 1", "channel 2"]
    assert np.array_equal(one[2].values, first[4, 2])
    across = slices_of(first, Shown.CHANNEL, 2, Order.INDEX)
    assert np.array_equal(across[4].values, first[4, 2])
    matrix = weights_of(model.state_dict(), layers["3"])
    (whole,) = slices_of(matrix, Shown.MATRIX, 0, Order.INDEX)
    assert np.array_equal(whole.values, matrix[:, :, 0, 0])
    depthwise = slices_of(weights_of(model.state_dict(), layers["2"]), Shown.SINGLE, 0, Order.INDEX)
    assert np.array_equal(depthwise[5].values, model[2].weight.detach().numpy()[5, 0])


def test_the_order_by_norm() -> None:
    weights = np.stack([np.full((1, 2, 2), size, np.float32) for size in (1, -3, 2)])
    found = slices_of(weights, Shown.SINGLE, 0, Order.NORM)
    assert [piece.label for piece in found] == ["filter 1", "filter 2", "filter 0"]
    assert [piece.norm for piece in found] == [6, 4, 2]
