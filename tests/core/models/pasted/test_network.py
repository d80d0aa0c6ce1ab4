"""What a pasted network says of itself beside its rows."""

from concurrent.futures import ThreadPoolExecutor

import torch

from core.models.pasted.network import read_network
from tests.core.models.pasted.snippets.classes import CLASSES
from tests.core.models.pasted.snippets.papers import PAPERS
from tests.core.models.pasted.snippets.sequential import SEQUENTIAL


class TestChoice:
    SOURCE = """\
class Small(nn.Module):
    def forward(self, x):
        return F.relu(x)

class Part(nn.Module):
    def forward(self, x):
        return F.tanh(x)

class Large(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        return self.part(x)
"""

    def test_takes_the_last_that_is_no_part_of_another(self) -> None:
        network = read_network(self.SOURCE)
        assert (network.name, network.names) == ("Large", ("Small", "Large"))

    def test_takes_the_one_asked_for(self) -> None:
        network = read_network(self.SOURCE, "Small")
        assert [row.layer for row in network.walk((1, 2, 2)).rows] == ["ReLU"]

    def test_takes_an_object_before_its_class(self) -> None:
        assert read_network(self.SOURCE + "net = Large()\n").names == ("Small", "net")


class TestPicture:
    def test_says_how_many_channels_it_wants(self) -> None:
        assert read_network(PAPERS["ResNet-18 from scratch"].source).in_channels == 3
        assert read_network(SEQUENTIAL["one-dimensional"].source).in_channels == 6
        assert read_network(SEQUENTIAL["lazy layers"].source).in_channels == 3
        assert read_network("nn.Linear(3, 4)").in_channels is None

    def test_tells_pictures_from_sequences(self) -> None:
        assert read_network(SEQUENTIAL["one-dimensional"].source).axes == 1
        assert read_network(SEQUENTIAL["bare expression"].source).axes == 2


class TestRows:
    def test_come_from_where_the_tensors_come_from(self) -> None:
        rows = read_network(PAPERS["squeeze and excitation"].source).walk((16, 20, 20)).rows
        assert [row.layer for row in rows[-2:]] == ["Reshape", "Multiply"]
        assert rows[0].sources == (-1,)
        assert rows[-1].sources == (-1, len(rows) - 2)

    def test_count_weights_that_are_used_again_once(self) -> None:
        rows = read_network(CLASSES["the same layer twice"].source).walk((4, 16, 16)).rows
        assert [row.parameters for row in rows if row.layer == "Conv2d"] == [148, 0, 0]
        assert "again" in rows[2].settings

    def test_names_what_forward_never_calls(self) -> None:
        network = read_network(CLASSES["layers that forward never calls"].source)
        assert network.unused(network.walk((3, 16, 16))) == {"conv2": 1168, "aux": 68}

    def test_do_not_depend_on_earlier_walks(self) -> None:
        source = (
            "class Net(nn.Module):\n    def forward(self, x):\n        self.seen = F.relu(x)\n"
            "        return self.seen + x"
        )
        network = read_network(source)
        with ThreadPoolExecutor(4) as pool:
            walks = list(pool.map(network.walk, [(1, side, side) for side in range(1, 40)]))
        assert [walk.rows[-1].output for walk in walks] == [(1, side, side) for side in range(1, 40)]


class TestReach:
    def test_is_what_the_gradient_of_one_value_touches(self) -> None:
        source = (
            "nn.Sequential(nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.Upsample(scale_factor=2),"
            " nn.ZeroPad2d((2, 0, 1, 0)), nn.Conv2d(1, 1, 3, dilation=2), nn.PReLU(),"
            " nn.Upsample(scale_factor=2, mode='bilinear'), nn.MaxPool2d(1, 1))"
        )
        row = read_network(source).walk((1, 41, 41)).rows[-1]
        network = eval(source, {"nn": torch.nn})
        for weight in network.parameters():
            torch.nn.init.constant_(weight, 0.1)
        rows = columns = 0
        picture = torch.rand(1, 1, 41, 41, requires_grad=True)
        output = network(picture)
        for place in range(20, 32):
            (gradient,) = torch.autograd.grad(output[0, 0, place, place], picture, retain_graph=True)
            rows = max(rows, _extent(gradient[0, 0].any(1)))
            columns = max(columns, _extent(gradient[0, 0].any(0)))
        assert row.reach is not None
        assert row.reach.field == (rows, columns)
        assert [float(stride) for stride in row.reach.stride] == [0.5, 0.5]

    def test_ends_with_the_map(self) -> None:
        rows = read_network(SEQUENTIAL["bare expression"].source).walk((1, 28, 28)).rows
        fields = [row.reach.field if row.reach else None for row in rows]
        assert fields[:7] == [(3, 3), (3, 3), (4, 4), (8, 8), (8, 8), (10, 10), None]

    def test_joins_both_ways_of_a_sum(self) -> None:
        rows = read_network(PAPERS["ResNet-18 from scratch"].source).walk((3, 64, 64)).rows
        first = next(row for row in rows if row.layer == "Add")
        assert first.reach is not None
        assert first.reach.field == (27, 27)


def _extent(touched: torch.Tensor) -> int:
    places = touched.nonzero().flatten()
    return int(places[-1] - places[0]) + 1 if len(places) else 0


def test_a_layer_without_bias_has_none_to_fill() -> None:
    source = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, bias=False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                layer.bias.data.zero_()

    def forward(self, x):
        return self.conv(x)
"""
    for bias, parameters in ((False, 216), (True, 224)):
        network = read_network(source.replace("bias=False", f"bias={bias}"))
        assert network.walk((3, 8, 8)).parameters == parameters


def test_one_walk_leaves_nothing_to_the_next() -> None:
    code = """
seen = []
class Net(nn.Module):
    shared = []
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(1, 2, 3)])
    def forward(self, x, kept=[]):
        for there in (seen, self.shared, kept):
            there.append(x)
        return self.layers[len(seen) + len(self.shared) + len(kept) - 3](x)
"""
    network = read_network(code)
    first, second = network.walk((1, 8, 8)), network.walk((1, 8, 8))
    assert [row.output for row in first.rows] == [row.output for row in second.rows] == [(2, 6, 6)]
