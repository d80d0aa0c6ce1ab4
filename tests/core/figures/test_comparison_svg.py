import re
from xml.etree import ElementTree

from core.comparison.intervals import Estimate
from core.comparison.learning_curve import CurvePoint
from core.comparison.scores import Score
from core.figures.comparison_svg import HEIGHT_PER_RUN, dots_svg, lines_svg, scatter_svg

RUNS = [("<A> & co", Estimate(0.9, 0.85, 0.95)), ("B", Estimate(0.6, 0.5, 0.7))]


def numbers(svg: str, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf'{name}="([\d.]+)"', svg)]


def test_dots_lie_within_their_intervals_and_better_ones_to_the_right() -> None:
    svg = dots_svg(RUNS, Score.ACCURACY)
    tree = ElementTree.fromstring(svg)
    dots = [element for element in tree if element.tag == "circle"]
    lines = [element for element in tree if element.tag == "line" and element.get("stroke-width") == "2"]
    assert len(dots) == len(lines) == 2
    for dot, line in zip(dots, lines, strict=True):
        assert float(line.get("x1")) < float(dot.get("cx")) < float(line.get("x2"))
    assert float(dots[0].get("cx")) > float(dots[1].get("cx"))
    assert dots[0][0].text == "<A> & co: 90.0 % (85.0–95.0)"
    assert float(tree.get("height")) > 2 * HEIGHT_PER_RUN


def test_scatter_is_logarithmic_and_leaves_out_what_is_not_known() -> None:
    accuracy = Estimate(0.9, 0.8, 0.95)
    svg = scatter_svg(
        [("A", 1.0, accuracy), ("B", 10.0, accuracy), ("C", 100.0, accuracy), ("D", None, accuracy)]
    )
    a, b, c = numbers(svg, "cx")[:3]
    assert abs((c - b) - (b - a)) < 0.2
    assert ">D<" not in svg
    assert scatter_svg([("D", None, accuracy)]) == ""


def test_axes_are_marked_with_round_numbers() -> None:
    svg = dots_svg([("A", Estimate(0.9, 0.712, 0.953))], Score.ACCURACY)
    assert re.findall(r">(\d+\.\d) %<", svg) == ["70.0", "80.0", "90.0"]
    accuracy = Estimate(0.9, 0.8, 0.95)
    svg = scatter_svg([("A", 1.0, accuracy), ("B", 10.0, accuracy)])
    assert re.findall(r">(\d+ s)<", svg) == ["1 s", "2 s", "5 s", "10 s"]
    svg = scatter_svg([("A", 0.01, accuracy), ("B", 100.0, accuracy)])
    assert re.findall(r">(\d+ (?:ms|s|min))<", svg) == ["10 ms", "100 ms", "1 s", "10 s", "1 min"]


def test_a_line_a_route() -> None:
    points = [
        CurvePoint(route, share, int(100 * share), {Score.ACCURACY: Estimate(share, 0.05, 1.0)})
        for route in ("head only", "CNN")
        for share in (0.1, 1.0)
    ]
    svg = lines_svg(points, Score.ACCURACY)
    ElementTree.fromstring(svg)
    assert svg.count("<polyline") == 2
    (first,) = re.findall(r'points="(\S+) (\S+)"', svg)[:1]
    (x0, y0), (x1, y1) = (map(float, place.split(",")) for place in first)
    assert x0 < x1
    assert y0 > y1  # more pictures, more right: higher up
