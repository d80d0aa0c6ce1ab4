"""The drawing of `network` as inline SVG, which a page changes at every step of a slider without a blink."""

from collections.abc import Iterable, Sequence
from html import escape

from core.figures.palette import GREY, VERMILLION, shade
from core.figures.scene import COLORS, FAILED, IN_LEGEND, WAYS, Scene, scene_of
from core.figures.stages import MOST
from core.figures.svg import number
from core.figures.volumes import Box, Drawing, Point
from core.layers.shapes import shape_text
from core.models.walk import Walk

LINE = 14  # pixels from a label's first line to its second
REACH = 0.15  # units around the middle of a volume that can be pointed at in any case
SMALLEST, LARGEST = 0.8, 1.3  # of its own scale
CROSS = 9  # pixels from the middle of a cross to its ends
DASHES = {"solid": "", "dash": ' stroke-dasharray="7 5"', "dot": ' stroke-dasharray="2 4"'}


def network_svg(walk: Walk, width: int = 480, most: int = MOST) -> str:
    """The network of `walk` as `network_figure` draws it, with a legend before it, as HTML.

    Text and lines without a colour of their own take that of the page's text.
    """
    scene = scene_of(walk, width, most)
    paper = _Paper(scene.drawing)
    boxes = "".join(paper.box(box) for box in scene.boxes)
    arcs = "".join(
        f'<polyline points="{paper.points(arc.points)}" {_stroke(arc.way)}/>' for arc in scene.arcs
    )
    return (
        f"{_legend(scene)}"
        f'<svg class="volumes" viewBox="0 0 {number(paper.width)} {number(paper.height)}" role="group" '
        f'style="{paper.limits}" aria-label="{escape(_said(scene.boxes))}">'
        f"{boxes}{arcs}</svg>"
    )


class _Paper:
    """Places of the drawing, which go up and in units, as places of the SVG, which go down and in pixels."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.width = drawing.width * drawing.unit
        self.height = (drawing.top - drawing.bottom) * drawing.unit

    @property
    def limits(self) -> str:
        """How far a page may shrink and stretch the drawing."""
        least, most = number(self.width * SMALLEST), number(self.width * LARGEST)
        return f"min-width: {least}px; max-width: {most}px"

    def at(self, point: Point) -> tuple[float, float]:
        unit = self.drawing.unit
        return point[0] * unit, (self.drawing.top - point[1]) * unit

    def points(self, points: Iterable[Point]) -> str:
        return " ".join(f"{number(x)},{number(y)}" for x, y in map(self.at, points))

    def box(self, box: Box) -> str:
        """The three faces, the label under them, and what pointing at them tells."""
        volume = box.volume
        color = COLORS[volume.kind]
        faces = "".join(
            f'<polygon points="{self.points(face)}" fill="{shade(color, share)}"/>'
            for share, face in box.faces().items()
        )
        x, y = self.at((box.middle[0], box.ground))
        ink = ' class="failed"' if volume.kind == FAILED else ""
        label = (
            f'<text text-anchor="middle" x="{number(x)}" y="{number(y + LINE)}"{ink}>'
            f'<tspan class="name">{escape(volume.name)}</tspan>'
            f'<tspan x="{number(x)}" dy="{LINE}">{escape(volume.label)}</tspan></text>'
        )
        words = f"{volume.name}: {shape_text(volume.shape)}\n" + volume.words
        cross = self._cross(box) if volume.kind == FAILED else ""
        told = escape(words).replace("\n", "&#10;")
        said = f'role="img" aria-label="{told}" data-words="{told}"'
        return f'<g tabindex="0" {said}>{self._ground(box)}{faces}{cross}{label}</g>'

    def _ground(self, box: Box) -> str:
        """What can be pointed at: the whole place of a volume, however small it is itself."""
        right = max(box.right + box.slant[0], box.middle[0] + REACH)
        x, top = self.at((min(box.left, box.middle[0] - REACH), box.top[1] + REACH))
        end, bottom = self.at((right, box.ground))
        sides = f'width="{number(end - x)}" height="{number(bottom + 2 * LINE - top)}"'
        return f'<rect x="{number(x)}" y="{number(top)}" {sides} fill="none" pointer-events="all"/>'

    def _cross(self, box: Box) -> str:
        """On what can't be built, seen even where the map is tiny."""
        x, y = self.at(box.middle)
        strokes = f"M{number(x - CROSS)} {number(y - CROSS)}l{2 * CROSS} {2 * CROSS}m0 {-2 * CROSS}"
        return f'<path d="{strokes}l{-2 * CROSS} {2 * CROSS}" stroke="{VERMILLION}" stroke-width="4"/>'


def _stroke(way: str) -> str:
    return f'fill="none" stroke="{GREY}" stroke-width="1.5"{DASHES[WAYS[way][1]]}'


def _legend(scene: Scene) -> str:
    kinds = {box.volume.kind for box in scene.boxes}
    entries = [
        f'<span><i style="background: {COLORS[kind]}"></i>{kind.capitalize()}</span>'
        for kind in IN_LEGEND
        if kind in kinds
    ]
    entries += [
        f'<span><svg width="26" height="10"><path d="M0 5H26" {_stroke(way)}/></svg>{WAYS[way][0]}</span>'
        for way in WAYS
        if any(arc.way == way for arc in scene.arcs)
    ]
    return f'<p class="legend">{"".join(entries)}</p>'


def _said(boxes: Sequence[Box]) -> str:
    """What a screen reader says of the whole."""
    return "The network: " + ", ".join(f"{box.volume.name} {box.volume.label}" for box in boxes)
