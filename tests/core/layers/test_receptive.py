from fractions import Fraction
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.receptive import Reach, joined, reach_after
from core.layers.transposed import ConvTranspose2d
from core.models.cnn import torch_module
from tests.core.layers.torch_parity import one_thread, pair

pytestmark = pytest.mark.slow

SIDES = (34, 29)


def some_layer(random: Random) -> Layer:
    stride = pair(random, 1, 3)
    match random.randint(1, 4):
        case 1:
            return AvgPool2d(pair(random, 2, 4), stride, pair(random, 0, 1))
        case 2:
            padding = pair(random, 0, 1)
            return ConvTranspose2d(1, 1, pair(random, 1, 4), stride, padding, dilation=pair(random, 1, 2))
        case 3:
            return Conv2d(1, 1, pair(random, 1, 4), padding="same", dilation=pair(random, 1, 3))
    return Conv2d(1, 1, pair(random, 1, 4), stride, pair(random, 0, 2), pair(random, 1, 3))


def positive(layer: Layer) -> nn.Module:
    """The layer with all weights positive, so that no path from a pixel is lost."""
    module = torch_module(layer).double()
    for weights in module.parameters():
        nn.init.uniform_(weights, 0.5, 1.5)
    return module


def seen_by_gradient(network: nn.Module, sides: tuple[int, int], axis: int) -> list[tuple[int, int] | None]:
    """For each row (or column) of the output, the first and last of the input that its gradient touches."""
    with one_thread():
        values = network(torch.rand(1, 1, *sides, dtype=torch.float64)).shape[2 + axis]
        x = torch.rand(values, 1, *sides, dtype=torch.float64, requires_grad=True)
        network(x).diagonal(dim1=0, dim2=2 + axis).sum().backward()  # picture i for row i alone
    touched = x.grad.sum(dim=(1, 3 - axis)) > 0
    places = (row.nonzero().flatten().tolist() for row in touched)
    return [(place[0], place[-1]) if place else None for place in places]


def shapes_of(layers: list[Layer]) -> list[tuple[int, ...]] | None:
    """The shapes between the layers; None where they don't fit, or make too much."""
    shapes: list[tuple[int, ...]] = [(1, *SIDES)]
    for layer in layers:
        try:
            shapes.append(layer.output_shape(shapes[-1]))
        except LayerError:
            return None
        if max(shapes[-1]) > 100:
            return None
    return shapes


def is_whole(layers: list[Layer], shapes: list[tuple[int, ...]], axis: int, index: int) -> bool:
    """Whether value `index` of the last map is made without the padding of any map on the way."""
    first = last = index
    for layer, shape in zip(layers[::-1], shapes[-2::-1], strict=True):
        sight = reach_after(layer, Reach()).sights[axis]
        spans = [span for span in map(sight.at, range(first, last + 1)) if span]
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        if first < 0 or last >= shape[1 + axis]:
            return False
    return True


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_every_value_sees_the_pixels_that_its_gradient_touches(seed):
    random = Random(seed)
    layers = [some_layer(random) for _ in range(random.randint(1, 4))]
    shapes = shapes_of(layers)
    if shapes is None:
        return
    reach = Reach()
    for layer in layers:
        reach = reach_after(layer, reach)
    network = nn.Sequential(*(positive(layer) for layer in layers))
    for axis, sight in enumerate(reach.sights):
        for index, seen in enumerate(seen_by_gradient(network, SIDES, axis)):
            span = sight.at(index)
            if span is None or seen is None:
                assert seen is None
            elif is_whole(layers, shapes, axis, index):
                assert seen == span
                assert seen[1] - seen[0] < reach.field[axis]
            else:
                assert span[0] <= seen[0]
                assert seen[1] <= span[1]


@pytest.mark.parametrize("seed", range(20))
def test_the_field_is_the_largest_of_a_period(seed):
    random = Random(seed)
    layers = [Conv2d(1, 1, pair(random, 1, 4)), ConvTranspose2d(1, 1, pair(random, 1, 4), pair(random, 1, 3))]
    layers.append(Conv2d(1, 1, pair(random, 2, 3), dilation=pair(random, 1, 2)))
    reach = Reach()
    for layer in layers:
        reach = reach_after(layer, reach)
    network = nn.Sequential(*(positive(layer) for layer in layers))
    for axis in (0, 1):
        seen = filter(None, seen_by_gradient(network, SIDES, axis))
        assert max(last - first + 1 for first, last in seen) == reach.field[axis]


@pytest.mark.parametrize("seed", range(20))
def test_max_pooling_sees_whatever_may_win(seed):
    random = Random(seed)
    layers = [MaxPool2d(pair(random, 2, 4), pair(random, 1, 3), (1, 1), pair(random, 1, 2)) for _ in range(2)]
    reach = reach_after(layers[1], reach_after(layers[0], Reach()))
    network = nn.Sequential(*(torch_module(layer) for layer in layers))
    rows = torch.eye(SIDES[0])[:, None, :, None].expand(-1, -1, -1, SIDES[1])  # one lit row a picture
    lit = network(rows).amax(dim=(1, 3)) > 0
    for index in range(lit.shape[1]):
        first, last = reach.sights[0].at(index)
        if first >= 0 and last < SIDES[0]:
            touched = lit[:, index].nonzero().flatten()
            assert (touched.min(), touched.max()) == (first, last)


def test_vgg_16s_field_before_its_first_linear_layer_is_the_published_212():
    """Araujo et al. 2019, table 1: 212 pixels and a stride of 32."""
    reach = Reach()
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            reach = reach_after(Conv2d(1, 1, (3, 3), padding=(1, 1)), reach)
        reach = reach_after(MaxPool2d((2, 2), (2, 2)), reach)
    assert reach == Reach((212, 212), (Fraction(32), Fraction(32)))


def test_upsampling_gives_a_fraction_of_a_pixel():
    reach = reach_after(ConvTranspose2d(1, 1, (4, 4), (2, 2), (1, 1)), Reach())
    assert reach == Reach((2, 2), (Fraction(1, 2), Fraction(1, 2)))
    assert reach_after(Conv2d(1, 1, (3, 3), padding=(1, 1)), reach).field == (3, 3)


def test_a_field_and_a_stride_are_enough_to_go_on_from():
    before = Reach((5, 7), (Fraction(2), Fraction(3)))
    after = reach_after(Conv2d(1, 1, (3, 5)), before)
    assert after == Reach((5 + 2 * 2, 7 + 4 * 3), (Fraction(2), Fraction(3)))


def test_after_flattening_there_is_no_map_and_after_global_pooling_no_place():
    assert reach_after(Flatten(), Reach()) is None
    assert reach_after(Linear(4, 2), Reach()) is None
    assert reach_after(Activation("ReLU"), None) is None
    pooled = reach_after(AdaptiveAvgPool2d((1, 1)), Reach((9, 9)), (8, 7, 7))
    assert pooled.field is None
    assert reach_after(Conv2d(8, 8, (1, 1)), pooled).field is None


@pytest.mark.parametrize("parts", [(7, 7), (3, 5), (None, 2)])
def test_adaptive_pooling_sees_what_its_gradient_touches(parts):
    layer = AdaptiveAvgPool2d(parts)
    reach = reach_after(layer, Reach(), (1, *SIDES))
    for axis in (0, 1):
        seen = seen_by_gradient(torch_module(layer), SIDES, axis)
        assert seen == [reach.sights[axis].at(index) for index in range(len(seen))]
        assert reach.field[axis] == max(last - first + 1 for first, last in seen)
    assert reach_after(layer, Reach()).field is None


def test_a_sequence_lies_along_the_columns():
    reach = reach_after(MaxPool1d(2, 2), reach_after(Conv1d(1, 1, 5, dilation=2), Reach()))
    assert reach == Reach((1, 10), (Fraction(1), Fraction(2)))


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(branch(x) for branch in self.branches)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_an_addition_sees_what_both_sides_see(seed):
    random = Random(seed)
    stride = pair(random, 1, 3)
    layers = [Conv2d(1, 1, (2 * k + 1, 2 * k + 1), stride, (k, k)) for k in random.sample(range(4), 2)]
    after = Conv2d(1, 1, (2, 3))
    reach = reach_after(after, joined(reach_after(layer, Reach()) for layer in layers))
    network = nn.Sequential(Branches(*map(positive, layers)), positive(after))
    for axis in (0, 1):
        for index, seen in enumerate(seen_by_gradient(network, SIDES, axis)):
            first, last = reach.sights[axis].at(index)
            if first >= 0 and last < SIDES[axis]:
                assert seen == (first, last)


def test_maps_that_drift_apart_have_no_field():
    halved = reach_after(MaxPool2d((2, 2), (2, 2)), Reach())
    assert joined([halved, Reach()]).field is None
    assert joined([halved, None]) is None


def test_a_field_that_repeats_itself_is_kept_by_its_shortest_period():
    up = reach_after(ConvTranspose2d(1, 1, (4, 4), (2, 2), (1, 1)), Reach())
    assert [len(sight.spans) for sight in up.sights] == [2, 2]
    down = reach_after(MaxPool2d((2, 2), (2, 2)), up)
    assert [(len(sight.spans), sight.shift) for sight in down.sights] == [(1, 1), (1, 1)]
    again = reach_after(AdaptiveAvgPool2d((4, 4)), up, (1, 8, 8))
    assert [(len(sight.spans), sight.shift) for sight in again.sights] == [(1, 1), (1, 1)]
