from core.figures.skips import Link, heights_of, links_of, skipped_rows
from core.figures.stages import stages_of
from core.layers.convolution import Conv2d
from core.models.pasted.network import read_network
from core.models.walk import Walk
from tests.core.figures.networks import SAME, Rows, u_net


def links(walk: Walk) -> list[Link]:
    return links_of(walk, [(stage.rows, stage.made) for stage in stages_of(walk)])


def residual(projection: bool) -> Walk:
    net = Rows((3, 8, 8))
    first = net.add("first", Conv2d(3, 8, **SAME))
    net.add("conv1", Conv2d(8, 8, **SAME))
    last = net.add("conv2", Conv2d(8, 8, **SAME))
    skip = net.add("downsample", Conv2d(8, 8, (1, 1)), source=first) if projection else first
    net.join("add", "Add", (last, skip))
    net.add("next", Conv2d(8, 8, **SAME))
    return net.walk


def test_a_skip_goes_from_the_map_to_where_it_is_added():
    assert links(residual(projection=False)) == [Link(1, 3, "added")]


def test_a_convolution_on_the_skip_has_no_volume_of_its_own():
    walk = residual(projection=True)
    assert skipped_rows(walk, {0, 1, 2, 3, 5}) == {3}
    assert links(walk) == [Link(1, 3, "added")]


def test_a_u_nets_concatenations():
    assert links(u_net()) == [Link(3, 7, "concatenated"), Link(1, 10, "concatenated")]


def test_arcs_over_others_are_higher():
    found = [Link(3, 7, "added"), Link(1, 10, "added"), Link(10, 12, "added"), Link(0, 12, "added")]
    assert heights_of(found) == [1, 2, 1, 3]


def test_branches_are_told_from_skips():
    net = Rows((3, 8, 8))
    first = net.add("first", Conv2d(3, 8, **SAME))
    one = net.add("one", Conv2d(8, 4, (1, 1)), source=first)
    other = net.add("other", Conv2d(8, 4, **SAME), source=first)
    net.join("concat", "Concat", (one, other))
    assert links(net.walk) == [Link(1, 3, "branch"), Link(2, 4, "concatenated")]


def test_too_many_ways_are_not_drawn():
    net = Rows((3, 8, 8))
    sources = [net.add("conv0", Conv2d(3, 4, **SAME))]
    for layer in range(1, 8):
        joined = net.join(f"concat{layer}", "Concat", tuple(sources)) if layer > 1 else sources[0]
        sources.append(net.add(f"conv{layer}", Conv2d(4 * layer, 4, **SAME), source=joined))
    assert links(net.walk) == []


def test_a_pasted_networks_concatenations_are_told_from_additions():
    source = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.c, self.d = nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(12, 8, 3, padding=1)

    def forward(self, x):
        a = self.a(x)
        return self.d(torch.cat([a, self.c(self.b(a))], 1))
"""
    found = links(read_network(source).walk((3, 8, 8)))
    assert "concatenated" in {link.way for link in found}
    added = source.replace("torch.cat([a, self.c(self.b(a))], 1)", "a + self.b(a)").replace("(12, 8", "(8, 8")
    assert {link.way for link in links(read_network(added).walk((3, 8, 8)))} == {"added"}
