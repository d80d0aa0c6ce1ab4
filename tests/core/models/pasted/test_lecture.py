"""The lecture's network, pasted: what the inspector has to answer for pictures of another size."""

from core.models.pasted.network import read_network

LECTURE = """\
class CNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.main = torch.nn.Sequential(
            torch.nn.Conv2d(in_channels=1, out_channels=3, kernel_size=(3, 3), padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d((2, 2)),
            torch.nn.Conv2d(in_channels=3, out_channels=2, kernel_size=(3, 3), padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d((2, 2)),
            torch.nn.Flatten(),
            torch.nn.Linear(1250, 1),
        )

    def forward(self, x):
        out = self.main(x)
        return out
"""


class TestLecture:
    def test_walks_at_the_size_it_is_made_for(self) -> None:
        network = read_network(LECTURE)
        walk = network.walk((1, 100, 100))
        assert (network.name, network.in_channels) == ("CNN", 1)
        assert walk.problem is None
        assert [row.output for row in walk.rows][-3:] == [(2, 25, 25), (1250,), (1,)]
        assert walk.parameters == 3 * (9 + 1) + 2 * (27 + 1) + 1250 + 1

    def test_names_the_line_of_the_linear_that_does_not_fit(self) -> None:
        last = read_network(LECTURE).walk((1, 256, 256)).rows[-1]
        assert (last.line, last.name, last.layer) == (12, "main.7", "Linear")
        assert "Linear(8192, 1)" in (last.problem or "")

    def test_says_which_pictures_the_linear_wants_and_what_it_has_to_be(self) -> None:
        network = read_network(LECTURE)
        error = network.walk((1, 256, 256)).error
        assert error is not None
        assert "Linear(1250, 1) wants pictures of 100×100 (100 to 103 all give it)" in error.problem
        assert "Linear(8192, 1)" in error.fix
        sides = network.fitting_sides((1, 256, 256))
        assert sides is not None
        assert sides.sides == range(100, 104)
