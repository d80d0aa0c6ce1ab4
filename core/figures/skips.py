"""Ways around layers: residual additions, concatenations and branches."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from core.models.walk import Walk, sources_of

MOST_LINKS = 12


@dataclass(frozen=True)
class Link:
    """A way over the volumes between `start` and `end`, by their places in the drawing (0 is the picture).

    `way` is what comes in by it: "added", "concatenated" or "branch".
    """

    start: int
    end: int
    way: str


def skipped_rows(walk: Walk, made: Set[int]) -> set[int]:
    """Of `made`, the rows on the shorter side of an addition, such as a ResNet's 1×1 convolutions."""
    found: set[int] = set()
    for i, row in enumerate(walk.rows):
        sources = sources_of(walk, i)
        if row.layer != "Add" or len(sources) != 2:
            continue
        one, other = (_chain(walk, source) for source in sources)
        shared = set(one) & set(other)
        sides = sorted(((made & set(side)) - shared for side in (one, other)), key=len)
        if shared and sides[0]:
            found |= sides[0]
    return found


def _chain(walk: Walk, row: int) -> list[int]:
    """From `row` back to the picture or to where several ways come together, both counted."""
    chain = [row]
    while chain[-1] >= 0 and len(sources := sources_of(walk, chain[-1])) == 1:
        chain += sources
    return chain


def links_of(walk: Walk, volumes: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Link]:
    """Links between `volumes`, each given as all its rows and those that make a shape.

    Where those over other volumes are too many to read, they are left out.
    """
    places = {-1: 0} | {row: place for place, (rows, _) in enumerate(volumes, start=1) for row in rows}
    found: dict[tuple[int, int], Link] = {}
    for end, (rows, made) in enumerate(volumes, start=1):
        for row in rows:
            around = len(made) == 1 and row > made[0]  # around one layer, and added after it
            for start in (places.get(source, end) for source in sources_of(walk, row)):
                if start < end - 1 or (around and start < end):
                    found[start, end] = Link(start, end, _way(walk.rows[row].layer, row in made))
    links = list(found.values())
    short = [link for link in links if link.start == link.end - 1]
    return links if len(links) - len(short) <= MOST_LINKS else short


def _way(layer: str, makes_shape: bool) -> str:
    if layer == "Concat":
        return "concatenated"
    return "branch" if makes_shape and layer != "Add" else "added"


def heights_of(links: Sequence[Link]) -> list[int]:
    """How many links each one goes over, itself counted: 1 for one that has none under it."""
    heights: dict[Link, int] = {}
    for link in sorted(links, key=lambda link: link.end - link.start):
        under = (heights[other] for other in heights if other.start >= link.start and other.end <= link.end)
        heights[link] = 1 + max(under, default=0)
    return [heights[link] for link in links]
