import json
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from core.figures.sweep import HEIGHT, WIDTH, nice_step, short_number, sweep_figure
from core.layers.convolution import Conv2d
from core.layers.pooling import MaxPool2d
from core.layers.sweep import Argument, Quantity, Setting, sweep, values_around

SQUARE = Setting(Conv2d(3, 16, (3, 3)), (3, 12, 12))
UNEQUAL = Setting(Conv2d(3, 16, (3, 3)), (3, 12, 20))


def figure(setting: Setting = SQUARE, quantity: Quantity = Quantity.OUTPUT_SIZE, now: int = 3) -> str:
    return sweep_figure(sweep(setting, Argument.KERNEL, range(1, 16)), "kernel", quantity, now)


def of_class(svg: str, kind: str) -> list[ElementTree.Element]:
    return [part for part in ElementTree.fromstring(svg).iter() if part.attrib.get("class") == kind]


def test_every_allowed_value_is_a_dot_at_its_height() -> None:
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in of_class(figure(), "dot")]
    assert len(dots) == 12
    across = [x for x, _ in dots]
    assert across == sorted(across)
    steps = {round(low - high, 1) for (_, high), (_, low) in pairwise(dots)}
    assert max(steps) - min(steps) <= 0.2  # one pixel less for each pixel of kernel
    assert min(steps) > 0


def test_the_present_value_is_marked_with_its_number() -> None:
    [present], [words] = of_class(figure(now=4), "present"), of_class(figure(now=4), "now-words")
    dot = of_class(figure(now=4), "dot")[3]
    assert present.attrib["cx"] == dot.attrib["cx"]
    assert present.attrib["cy"] == dot.attrib["cy"]
    assert words.text == "9"


def test_refused_values_are_hatched_with_the_reason() -> None:
    svg = figure()
    [hatched] = of_class(svg, "untouched")
    assert hatched.attrib["d"].count("M") == 1
    assert "Hatched: The window is larger than the map under it." in svg
    assert of_class(figure(now=14), "now-words")[0].text == "refused"
    assert of_class(figure(now=14), "present") == []


def test_refusals_here_and_there_are_hatched_one_by_one() -> None:
    groups = sweep(Setting(Conv2d(12, 12, (1, 1)), (12, 4, 4)), Argument.GROUPS, range(1, 13))
    [hatched] = of_class(sweep_figure(groups, "groups", Quantity.PARAMETERS, 1), "untouched")
    assert hatched.attrib["d"].count("M") == 2  # 5, and 7 to 11
    reason = of_class(sweep_figure(groups, "groups", Quantity.PARAMETERS, 1), "words")[0].text
    assert reason == "Hatched: The input channels can't be shared out evenly among the groups."


def test_height_and_width_have_lines_of_their_own_where_they_differ() -> None:
    assert len(of_class(figure(), "line second")) == 0
    svg = figure(UNEQUAL)
    assert len(of_class(svg, "line")) == len(of_class(svg, "line second")) == 1
    assert of_class(svg, "now-words")[0].text == "10 × 18"
    assert {"height", "width"} <= {words.text for words in of_class(svg, "axis")}


@pytest.mark.parametrize("quantity", list(Quantity))
@pytest.mark.parametrize("now", [1, 12, 256])
def test_everything_stands_inside_the_chart(quantity: Quantity, now: int) -> None:
    points = sweep(UNEQUAL, Argument.SIZE, values_around(now, range(1, 257)))
    svg = sweep_figure(points, "input size", quantity, now)
    for part in ElementTree.fromstring(svg).iter():
        for name, most in (("x", WIDTH), ("cx", WIDTH), ("y", HEIGHT), ("cy", HEIGHT)):
            assert 0 <= float(part.attrib.get(name, 0)) <= most
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", of_class(svg, "line")[0].attrib["d"])]
    assert min(heights) >= 0
    assert len(svg) < 20_000


def test_every_value_can_be_read_out() -> None:
    readings = json.loads(ElementTree.fromstring(figure(quantity=Quantity.PARAMETERS)).attrib["data-points"])
    assert readings[2] == [3, readings[2][1], "kernel 3: output 16 × 10 × 10, 448 parameters"]
    assert readings[14][2] == "kernel 15: The window is larger than the map under it."
    macs = json.loads(ElementTree.fromstring(figure(quantity=Quantity.MACS)).attrib["data-points"])
    assert macs[2][2].endswith("43,200 MACs")


def test_words_from_outside_stay_words() -> None:
    svg = sweep_figure(sweep(SQUARE, Argument.KERNEL, [1, 2]), "<b>'\"&", Quantity.MACS, 1)
    assert ElementTree.fromstring(svg).attrib["aria-label"] == "MACs by <b>'\"&"


def test_a_chart_of_zeros_has_a_scale() -> None:
    svg = figure(Setting(MaxPool2d((2, 2), (2, 2)), (3, 20, 20)), Quantity.MACS)
    assert len(of_class(svg, "level")) == 2


@pytest.mark.parametrize(
    ("rough", "step"), [(0, 1), (1, 1), (1.2, 2), (3, 5), (5.5, 10), (180, 200), (1001, 2000)]
)
def test_steps_are_round(rough: float, step: int) -> None:
    assert nice_step(rough) == step


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (999, "999"), (1500, "1.5k"), (2_000_000, "2M"), (3 * 10**9, "3G")]
)
def test_large_numbers_are_short(value: int, words: str) -> None:
    assert short_number(value) == words
