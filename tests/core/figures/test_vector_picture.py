from xml.etree import ElementTree

import pytest

from core.figures.vector_picture import HEIGHT, MOST_DOTS, MOST_MAPS, WIDTH, vector_picture
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.linear import Flatten, Linear


def parts(svg: str, kind: str) -> list[dict[str, str]]:
    return [
        p.attrib for p in ElementTree.fromstring(svg).iter() if p.attrib.get("class", "").startswith(kind)
    ]


@pytest.mark.parametrize("inputs", [1, 2, MOST_DOTS, MOST_DOTS + 1, 2048])
def test_a_linear_layer_joins_every_dot_to_every_other(inputs: int) -> None:
    svg = vector_picture(Linear(inputs, 4), (inputs,))
    shown = min(inputs, MOST_DOTS if inputs <= MOST_DOTS else MOST_DOTS - 1)
    assert len(parts(svg, "pixels")) == shown
    assert len(parts(svg, "result")) == 4
    assert parts(svg, "rays")[0]["d"].count("M") == shown
    assert parts(svg, "wires")[0]["d"].count("M") == shown * 3
    assert ("⋮" in svg) == (inputs > MOST_DOTS)
    assert f"{inputs:,} inputs" in svg


@pytest.mark.parametrize("channels", [1, 3, MOST_MAPS, 64])
def test_flattening_gives_each_map_its_part_of_the_row(channels: int) -> None:
    svg = vector_picture(Flatten(), (channels, 7, 5))
    shown = min(channels, MOST_MAPS)
    maps = parts(svg, "map")
    assert len(maps) == 2 * shown
    row = maps[shown:]
    assert [float(part["width"]) for part in row] == pytest.approx(
        [(WIDTH - 40) / channels] * shown, abs=0.01
    )
    assert f"output {channels * 35:,}" in svg
    assert (f"… {channels} maps" in svg) == (channels > MOST_MAPS)


def test_batch_norm_tells_what_it_learns() -> None:
    assert "6 parameters" in vector_picture(BatchNorm2d(3), (3, 4, 4))
    assert "nothing is learned" in vector_picture(BatchNorm2d(3, affine=False), (3, 4, 4))


@pytest.mark.parametrize(
    ("layer", "shape"), [(Linear(900, 900), (900,)), (Flatten(), (64, 200, 3)), (BatchNorm2d(1), (1, 2, 2))]
)
def test_boxes_and_dots_stand_inside_the_picture(layer, shape) -> None:
    for part in ElementTree.fromstring(vector_picture(layer, shape)).iter():
        x, y = (float(part.attrib.get(name, part.attrib.get(f"c{name}", 0))) for name in "xy")
        assert 0 <= x + float(part.attrib.get("width", 0)) <= WIDTH
        assert 0 <= y + float(part.attrib.get("height", 0)) <= HEIGHT


def test_layers_with_windows_are_left_to_the_other_picture() -> None:
    assert vector_picture(Conv2d(1, 1, (3, 3)), (1, 5, 5)) == ""
