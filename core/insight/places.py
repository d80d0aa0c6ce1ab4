"""The layers whose maps can be shown, and why others can't."""

from dataclasses import dataclass

from core.layers.receptive import Reach
from core.layers.shapes import MapShape
from core.layers.sight import Span, sight_of
from core.models.channels import arrangements
from core.models.walk import Walk, sources_of

Spans = tuple[Span | None, ...]  # first and last pixel that each value along an axis depends on


@dataclass(frozen=True)
class MapPlace:
    """A row of the walk that puts out maps of `shape` (C, H, W)."""

    row: int
    name: str
    layer: str
    settings: str
    shape: MapShape
    reach: Reach | None

    @property
    def spans(self) -> tuple[Spans, Spans] | None:
        """For each row and for each column of a map the pixels that it depends on at most, those beyond the
        picture's edges included; None where every place depends on all of it."""
        if self.reach is None or self.reach.field is None:
            return None
        rows, columns = self.reach.sights or (
            sight_of(field, stride) for field, stride in zip(self.reach.field, self.reach.stride, strict=True)
        )
        _, height, width = self.shape
        return (
            tuple(rows.at(index) for index in range(height)),
            tuple(columns.at(index) for index in range(width)),
        )


def map_places(walk: Walk) -> list[MapPlace]:
    """Every row that puts out maps, in the order of computation."""
    arranged = arrangements(walk)
    found: list[MapPlace] = []
    lost: set[int] = set()  # rows whose values are in no order of places any more
    for index, (row, own) in enumerate(zip(walk.rows, arranged, strict=True)):
        sources = [source for source in sources_of(walk, index) if source >= 0]
        moved = own.is_turned and any(arranged[source].shape[1:] != own.shape[1:] for source in sources)
        if row.moment is None or row.reach is None or moved or not lost.isdisjoint(sources):
            lost.add(index)
        elif len(own.shape) == 3:
            found.append(MapPlace(index, row.name, row.layer, row.settings, own.shape, row.reach))
    return found


def missing_maps(walk: Walk) -> str:
    """In words, why some layers before the end put out no maps; "" where all do."""
    kinds = {row.layer for row in walk.rows}
    if kinds & {"WindowPartition", "MatMul"}:
        return (
            "Its attention works in windows that are cut out of the map and moved from layer to layer. "
            "Behind the first, no value belongs to one place any more, and there are no maps to show."
        )
    if "MultiheadAttention" in kinds:
        return (
            "It is a vision transformer: behind its first convolution it works on a list of tokens, each of "
            "which looks at the whole picture, so there are no maps to show."
        )
    return ""
