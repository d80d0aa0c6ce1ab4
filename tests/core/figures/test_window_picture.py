import json
import re
from xml.etree import ElementTree

import pytest

from core.errors import LayerError
from core.figures.window_picture import HEIGHT, STILL_HEIGHT, WIDTH, window_picture
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d

DRAWN: list[tuple[Layer, Shape]] = [
    (Conv2d(3, 8, (3, 3)), (3, 12, 12)),
    (Conv2d(3, 8, (7, 5), (2, 3), (3, 1), (2, 1)), (3, 224, 100)),
    (Conv2d(1, 1, (1, 1)), (1, 1, 1)),
    (Conv1d(3, 8, 5, 2, 4, 2), (3, 50)),
    (MaxPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True), (4, 13, 13)),
    (AvgPool2d((15, 15), (8, 8)), (4, 256, 256)),
    (AdaptiveAvgPool2d((5, 7)), (4, 12, 12)),
    (ConvTranspose2d(3, 2, (2, 4), (2, 3), (0, 2), (1, 0)), (3, 9, 6)),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def of_class(svg: str, kind: str) -> list[dict[str, str]]:
    return [part.attrib for part in parsed(svg).iter() if part.attrib.get("class") == kind]


def words(svg: str) -> str:
    return " | ".join(part.text or "" for part in parsed(svg).iter("text"))


@pytest.mark.parametrize(("layer", "shape"), DRAWN, ids=lambda value: str(value)[:40])
def test_everything_stands_inside_the_picture(layer: Layer, shape: Shape) -> None:
    svg = window_picture(layer, shape)
    height = STILL_HEIGHT if len(shape) == 2 else HEIGHT
    places = re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", svg)
    assert places
    for x, y in places:
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= height
    data = json.loads(parsed(svg).attrib["data-windows"])
    scale, (x, y) = data["scale"], data["cells"]
    assert x + scale * len(data["columns"]) <= WIDTH
    assert y + scale * len(data["rows"]) <= height
    reach = max(start + length for start, length in data["columns"])
    assert data["map"][0] + scale * reach <= WIDTH + 0.1
    assert data["map"][0] >= 0


@pytest.mark.parametrize(("layer", "shape"), DRAWN, ids=lambda value: str(value)[:40])
def test_there_is_a_window_for_each_value_that_it_is_about(layer: Layer, shape: Shape) -> None:
    data = json.loads(parsed(window_picture(layer, shape)).attrib["data-windows"])
    values = shape if isinstance(layer, ConvTranspose2d) else layer.output_shape(shape)
    assert [len(data["rows"]), len(data["columns"])][-len(values[1:]) :] == list(values[1:])
    assert data["transposed"] is isinstance(layer, ConvTranspose2d)


def test_one_pixel_is_as_large_in_the_input_as_in_the_output() -> None:
    svg = window_picture(Conv2d(1, 1, (3, 3), padding=(1, 1)), (1, 10, 10))
    [padding], [pixels], [result], [cell] = (
        of_class(svg, k) for k in ("padding", "pixels", "result", "cell")
    )
    assert float(padding["width"]) == pytest.approx(1.2 * float(pixels["width"]), abs=0.05)
    assert result["width"] == pixels["width"]
    assert float(pixels["width"]) == pytest.approx(10 * float(cell["width"]), abs=0.1)


def test_pixels_that_no_window_sees_are_hatched_and_counted() -> None:
    seen = window_picture(Conv2d(1, 1, (3, 3)), (1, 12, 12))
    cut = window_picture(Conv2d(1, 1, (3, 3), (2, 2)), (1, 12, 12))
    assert "untouched" not in seen
    assert len(of_class(cut, "untouched")) == 1
    assert "Hatched: 1 row and 1 column never seen." in words(cut)


def test_a_transposed_convolution_says_what_gets_no_value() -> None:
    svg = window_picture(ConvTranspose2d(1, 1, (1, 1), (2, 2)), (1, 4, 4))
    assert "input 4 × 4" in words(svg)
    assert "output 7 × 7" in words(svg)
    assert "3 rows and 3 columns get no value but the bias" in words(svg)


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(3, 8, (1, 7), (1, 2), (0, 3)),
        ConvTranspose2d(3, 8, (1, 7), (1, 1), (0, 3)),
        Conv2d(3, 8, (3, 3), padding=(1, 1)),
    ],
)
@pytest.mark.parametrize("shape", [(3, 224, 17), (3, 256, 7), (3, 256, 256), (3, 12, 100)])
def test_the_two_names_stand_beside_each_other_and_in_the_picture(layer: Layer, shape: Shape) -> None:
    names = [part for part in parsed(window_picture(layer, shape)).iter() if part.get("class") == "name"]
    (left, first), (right, second) = sorted((float(name.get("x", "")), name.text or "") for name in names)
    assert left >= 0
    assert left + 6 * len(first) <= right
    assert right + 6 * len(second) <= WIDTH


def test_padding_is_named_and_so_is_what_lies_beyond_the_edge() -> None:
    svg = window_picture(MaxPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True), (1, 6, 6))
    assert "input 6 × 6, padding 1, 1 beyond the edge" in words(svg)
    assert "padding" not in words(window_picture(Conv2d(1, 1, (3, 3)), (1, 6, 6)))


def test_taps_of_a_dilated_window_leave_its_holes_free() -> None:
    svg = window_picture(Conv2d(1, 1, (3, 3), dilation=(2, 2)), (1, 9, 9))
    [taps] = of_class(svg, "taps")
    assert taps["d"].count("M") == 9


def test_drawing_a_large_map_takes_few_elements() -> None:
    svg = window_picture(Conv2d(3, 8, (15, 15), dilation=(6, 6)), (3, 256, 256))
    assert len(list(parsed(svg).iter())) < 40
    assert len(svg) < 20_000


def test_without_windows_there_is_no_picture() -> None:
    assert window_picture(Linear(4, 2), (4,)) == ""


def test_a_setting_that_pytorch_refuses_is_not_drawn() -> None:
    with pytest.raises(LayerError, match="larger than the map"):
        window_picture(Conv2d(1, 1, (5, 5)), (1, 3, 3))
