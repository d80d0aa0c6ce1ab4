"""Shapes that don't fit: where PyTorch refuses, so do we, with the line and the fix."""

import pytest

from core.layers.shapes import Shape
from core.models.pasted.network import read_network
from tests.core.models.pasted.snippets.snippet import Snippet, run_really

CLASS = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, stride=2)
        self.conv2 = nn.Conv2d(8, 8, 3)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
        self.fc = nn.Linear(400, 10)

    def forward(self, x):
        a = self.conv1(x)
        b = self.conv2(a)
        return {}
"""
PROBLEMS: dict[str, tuple[str, Shape, int, str]] = {
    "channels of the picture": (CLASS.format("b"), (3, 28, 28), 4, "Make the layer for 3 channels"),
    "a picture that is too small": (CLASS.format("b"), (1, 4, 4), 5, "larger than the map"),
    "an addition": (CLASS.format("a + b"), (1, 28, 28), 12, "8 × 13 × 13"),
    "a concatenation": (CLASS.format("torch.cat([x, self.up(a)], 1)"), (1, 28, 28), 12, "8 × 26 × 26"),
    "features": (CLASS.format("self.fc(b.flatten(1))"), (1, 28, 28), 7, "Linear(968, 10)"),
    "a map for features": (CLASS.format("self.fc(b)"), (1, 28, 28), 7, "torch.flatten(x, 1), and use"),
    "maps that only need to be flattened": (
        CLASS.replace("400", "968").format("self.fc(b)"),
        (1, 28, 28),
        7,
        "Flatten the maps before it, torch.flatten(x, 1).",
    ),
    "channels last": (
        CLASS.format("self.conv1(x.permute(0, 2, 3, 1))"),
        (1, 28, 28),
        4,
        "Channels come first",
    ),
    "a view": (CLASS.format("self.fc(b.view(x.size(0), 400))"), (1, 28, 28), 12, "view(x.size(0), -1)"),
    "a normalization": (CLASS.format("nn.BatchNorm2d(9)(b)"), (1, 28, 28), 12, "9 channels"),
    "convolution of a vector": (CLASS.format("self.conv1(b.flatten(1))"), (1, 28, 28), 4, "vector"),
    "the batch flattened": (
        CLASS.format("self.fc(torch.flatten(b))"),
        (1, 28, 28),
        12,
        "torch.flatten(x, 1)",
    ),
}


@pytest.mark.parametrize(("source", "shape", "line", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_names_the_line_and_the_fix_where_pytorch_refuses(
    source: str, shape: Shape, line: int, words: str
) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        run_really(Snippet(shape, source), "Net")
    walk = read_network(source).walk(shape)
    assert walk.error is not None
    assert walk.rows[-1].line == line
    assert words in str(walk.error)
    assert walk.rows[-1].output == ()


def test_says_that_a_view_mixes_the_batch_which_pytorch_does_not_notice() -> None:
    source = CLASS.format("b.view(-1, 8 * 11)")
    assert run_really(Snippet((1, 28, 28), source), "Net").output == (88,)
    walk = read_network(source).walk((1, 28, 28))
    assert "mixes the pictures of a batch" in str(walk.problem)
    assert "968" in str(walk.problem)


def test_says_which_pictures_a_view_is_made_for() -> None:
    walk = read_network(CLASS.format("b.view(-1, 8 * 11 * 11)")).walk((1, 40, 40))
    assert "Or use pictures of 27×27 (27 to 28 all give it)." in str(walk.problem)
