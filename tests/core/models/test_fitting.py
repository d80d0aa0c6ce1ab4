import pytest
import torch
from torch import nn

from core.layers.shapes import Shape
from core.models.fitting import LARGEST_SIDE, FittingSides, fitting_sides
from core.models.pasted.network import read_network
from tests.core.models.pasted.snippets.classes import CLASSES
from tests.core.models.pasted.snippets.papers import PAPERS
from tests.core.models.pasted.snippets.snippet import Snippet, run_really

TWO_WAYS = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(4), nn.Conv2d(1, 1, 3, padding=1))
        self.up = nn.Upsample(scale_factor=8)

    def forward(self, x):
        return torch.cat([x, self.up(self.down(x))], dim=1)
"""


def sides_of(source: str, shape: Shape) -> FittingSides | None:
    return read_network(source).fitting_sides(shape)


def really_fits(source: str, name: str, shape: Shape) -> bool:
    try:
        run_really(Snippet(shape, source), name)
    except (RuntimeError, ValueError):
        return False
    return True


class TestFittingSides:
    @pytest.mark.parametrize("name", ["PyTorch tutorial's first network", "MNIST example with dropout"])
    def test_are_those_that_pytorch_takes(self, name: str) -> None:
        snippet, tried = CLASSES[name], range(20, 42)
        found = sides_of(snippet.source, (snippet.shape[0], 300, 200))
        assert found is not None
        network = read_network(snippet.source).name
        shapes = {side: (snippet.shape[0], side, side) for side in tried}
        really = [side for side, shape in shapes.items() if really_fits(snippet.source, network, shape)]
        assert list(found.sides) == really

    def test_are_open_above_after_global_pooling(self) -> None:
        found = sides_of(PAPERS["SqueezeNet fire modules"].source, (3, 96, 96))
        assert found is not None
        assert found.sides == range(9, LARGEST_SIDE + 1)
        assert found.text == "9×9 (9 and up)"

    def test_lie_in_steps_where_two_ways_have_to_meet(self) -> None:
        found = sides_of(TWO_WAYS, (1, 50, 50))
        assert found is not None
        assert found.sides == range(40, 65, 8)
        assert [side for side in range(40, 65) if really_fits(TWO_WAYS, "Net", (1, side, side))] == list(
            found.sides
        )

    def test_are_lengths_for_sequences(self) -> None:
        found = sides_of(CLASSES["one-dimensional with class constants"].source, (9, 500))
        assert found is not None
        assert found.text == "194 (194 to 201 all give it)"

    def test_are_none_where_no_size_helps(self) -> None:
        source = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(9, 8, 3))"
        assert sides_of(source, (3, 32, 32)) is None

    def test_work_on_any_walk(self) -> None:
        network = read_network("nn.Sequential(nn.Flatten(), nn.Linear(49, 3))")
        found = fitting_sides(network.walk, (1, 9, 9))
        assert found is not None
        assert found.sides == range(7, 8)
        assert nn.Sequential(nn.Flatten(), nn.Linear(49, 3))(torch.zeros(1, 1, 7, 7)).shape == (1, 3)
