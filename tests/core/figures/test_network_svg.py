import xml.etree.ElementTree as ET

from core.figures.network_svg import network_svg
from core.figures.scene import scene_of
from core.layers.convolution import Conv2d
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.cnn_walk import walk
from core.models.pasted.network import read_network
from core.models.presets import PRESETS
from core.models.walk import Walk
from tests.core.figures.networks import SAME, Rows

RESNET = walk(PRESETS["small-resnet"].config, (1, 32, 32), 10)
LECTURE = walk(PRESETS["lecture"].config, (1, 100, 100), 1)
BROKEN = walk(CnnConfig((ConvBlock(4), ConvBlock(4, kernel=31, padding=0))), (3, 16, 16), 2)


def drawing(network: Walk) -> ET.Element:
    return ET.fromstring(f"<div>{network_svg(network, 600)}</div>")


def volumes(network: Walk) -> list[ET.Element]:
    return list(drawing(network).iter("g"))


def words(element: ET.Element) -> str:
    return " ".join(element.itertext())


def test_every_volume_has_three_faces_a_label_and_words() -> None:
    groups = volumes(LECTURE)
    assert len(groups) == len(scene_of(LECTURE, 600).boxes)
    assert {len(group.findall("polygon")) for group in groups} == {3}
    assert words(groups[1]) == "conv1 3×100×100"
    told = groups[1].get("data-words", "").split("\n")
    assert told == ["conv1: 3 × 100 × 100", "Conv2d 1 → 3, 3×3, padding 1", "30 parameters", "270,000 MACs"]


def test_all_of_it_lies_on_the_paper() -> None:
    [svg] = (svg for svg in drawing(RESNET).iter("svg") if svg.get("class") == "volumes")
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    points = [
        tuple(map(float, point.split(",")))
        for shape in (*svg.iter("polygon"), *svg.iter("polyline"))
        for point in shape.get("points", "").split()
    ]
    assert len(points) > 100
    assert all(-0.01 <= x <= width + 0.01 and -0.01 <= y <= height + 0.01 for x, y in points)


def test_skips_are_drawn_and_named() -> None:
    assert len(list(drawing(RESNET).iter("polyline"))) == 6
    assert "Skip, added" in words(drawing(RESNET))
    assert not list(drawing(LECTURE).iter("polyline"))
    assert "Skip" not in words(drawing(LECTURE))


def test_what_can_not_be_built_is_crossed_out() -> None:
    failed = volumes(BROKEN)[-1]
    assert words(failed) == "conv2 can't be built"
    assert failed.find("path") is not None
    assert "larger than the map" in failed.get("data-words", "")
    assert all(group.find("path") is None for group in volumes(BROKEN)[:-1])


def test_names_from_pasted_code_stay_names() -> None:
    code = 'nn.Sequential(OrderedDict({"<b>&": nn.Conv2d(1, 2, 3)}))'
    drawn = drawing(read_network(code).walk((1, 8, 8)))
    assert not list(drawn.iter("b"))
    assert "<b>&" in words(drawn)


def test_names_that_would_be_the_same_are_written_in_full() -> None:
    net = Rows((1, 32, 32))
    for place in ("down.conv", "down.more", "up.conv", "up.most"):
        net.add(place, Conv2d(1, 1, **SAME))
    names = [box.volume.name for box in scene_of(net.walk, 600).boxes]
    assert names == ["input", "down.conv", "more", "up.conv", "most"]
