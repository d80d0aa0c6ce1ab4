"""What the drawing of a network shows, and where: volumes in their places, and the ways around them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from core.figures.names import shortened
from core.figures.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION
from core.figures.skips import Link, heights_of, links_of
from core.figures.stages import MOST, Stage, stages_of, title
from core.figures.volumes import Box, Drawing, Point, Volume, arrange
from core.layers.shapes import Shape
from core.models.walk import Walk

FAILED = "can't be built"
COLORS = {
    "input": GREY,
    "convolution": BLUE,
    "attention": PURPLE,
    "pooling": ORANGE,
    "concatenation": SKY_BLUE,
    "flattened": GREY,
    "linear": GREEN,
    FAILED: VERMILLION,
}
IN_LEGEND = ("convolution", "attention", "pooling", "concatenation", "linear", FAILED)
WAYS = {
    "added": ("Skip, added", "solid"),
    "concatenated": ("Skip, concatenated", "dash"),
    "branch": ("Branch", "dot"),
}
CREST, STEP = 0.14, 0.07  # of an arc over the tallest of its boxes, and of each arc over another
APART = 0.05  # from the middle of a box to where one arc ends and the next begins
LONGEST_NAME = 24


@dataclass(frozen=True)
class Arc:
    """A line over the volumes that a way goes around; `way` is one of WAYS."""

    way: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Scene:
    drawing: Drawing
    arcs: tuple[Arc, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        return self.drawing.boxes


def scene_of(walk: Walk, width: int, most: int = MOST) -> Scene:
    """Each layer of `walk` that makes a shape as a volume, in stages where there would be more than `most`.

    `width` is about that of the drawing's place on the page, in pixels: a network that is too long for it
    goes on in a second row.
    """
    stages = stages_of(walk, most)
    failed = [] if walk.problem is None else [((len(walk.rows) - 1,),) * 2]
    links = links_of(walk, [*((stage.rows, stage.made) for stage in stages), *failed])
    heights = heights_of(links)
    drawing = arrange(_volumes(walk, stages), width, STEP * (max(heights, default=1) - 1))
    arcs = (_arc(link, height, drawing.boxes) for link, height in zip(links, heights, strict=True))
    return Scene(drawing, tuple(arcs))


def _volumes(walk: Walk, stages: Sequence[Stage]) -> list[Volume]:
    volumes = [Volume("input", "input", walk.input_shape, _tight(walk.input_shape), "one picture")]
    titles = Counter(title(stage.name) for stage in stages)
    for stage in stages:
        short = title(stage.name)
        name = shortened(short if titles[short] == 1 else stage.name, LONGEST_NAME)
        volumes.append(Volume(stage.kind, name, stage.shape, _tight(stage.shape), _words(walk, stage)))
    if walk.problem is not None:
        row = walk.rows[-1]
        words = "\n".join(wrap(f"{row.layer}: {row.problem}", 60))
        name = shortened(title(row.name), LONGEST_NAME)
        volumes.append(Volume(FAILED, name, volumes[-1].shape, FAILED, words))
    return volumes


def _words(walk: Walk, stage: Stage) -> str:
    """What hovering tells: the layer's settings, or how many layers of which classes the stage has."""
    if len(stage.made) == 1:
        rows = [walk.rows[stage.made[0]]]
        lines = [f"{rows[0].layer} {rows[0].settings}"]
    else:
        rows = [walk.rows[i] for i in stage.rows]
        counts = Counter(row.layer for row in rows).most_common()
        lines = wrap(", ".join(f"{count} {layer}" for layer, count in counts), 60)
    if title(stage.name) != stage.name:
        lines.insert(0, stage.name)
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    return "\n".join([*lines, f"{parameters:,} parameters", f"{macs:,} MACs"])


def _tight(shape: Shape) -> str:
    return "×".join(str(side) for side in shape)


def _arc(link: Link, height: int, boxes: Sequence[Box]) -> Arc:
    """From the volume where the way begins to the one where it ends, higher where it goes over others."""
    start, end = boxes[link.start], boxes[link.end]
    under = [box.top[1] for box in boxes[link.start : link.end + 1] if box.level == end.level]
    crest = max(under) + CREST + STEP * (height - 1)
    left, right = start.top[0] + APART, end.top[0] - APART
    begin = ((left, start.top[1]), (left, crest)) if start.level == end.level else ((0.0, crest),)
    return Arc(link.way, (*begin, (right, crest), (right, end.top[1])))
