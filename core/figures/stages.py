"""A walk of any length as a few volumes: layer by layer, or in stages of layers that belong together."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, takewhile
from math import ceil, prod

from core.figures.skips import skipped_rows
from core.layers.shapes import Shape
from core.models.channels import arrangements
from core.models.walk import ONLY_IN_TRAINING, Walk

MOST = 18  # volumes
KINDS = {  # of the layers that make a shape; the others belong to the volume before them
    "AdaptiveAvgPool1d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "AdaptiveMaxPool2d": "pooling",
    "AvgPool1d": "pooling",
    "AvgPool2d": "pooling",
    "Concat": "concatenation",
    "Conv1d": "convolution",
    "Conv2d": "convolution",
    "ConvTranspose2d": "convolution",
    "Einsum": "attention",
    "Flatten": "flattened",
    "Linear": "linear",
    "MatMul": "attention",
    "MaxPool1d": "pooling",
    "MaxPool2d": "pooling",
    "Mean": "pooling",
    "MultiheadAttention": "attention",
    "Reshape": "flattened",
    "WindowDepartition": "attention",
}
# A stage has the colour of the first of these that it does.
RANK = ("attention", "convolution", "linear", "concatenation", "pooling", "flattened")
BUILT = ("main.conv", "main.norm", "skip.conv", "skip.norm")  # inside of a "residual3"

Groups = list[list[int]]  # places of rows in the walk


@dataclass(frozen=True)
class Stage:
    """Rows that are drawn as one volume, by their places in the walk; `made` are those that make a shape."""

    name: str
    kind: str
    shape: Shape  # (C, H, W), (C, L) or (N,)
    rows: tuple[int, ...]
    made: tuple[int, ...]


def stages_of(walk: Walk, most: int = MOST) -> list[Stage]:
    """At most `most` stages: of one layer each if that is enough, or else of whole modules."""
    made = _made(walk)
    foldings = list(_foldings(walk, made))
    depth, groups = next((folding for folding in foldings if len(folding[1]) <= most), foldings[-1])
    if len(groups) > most:
        size = ceil(len(groups) / most)
        groups = [list(chain(*groups[i : i + size])) for i in range(0, len(groups), size)]
    shapes = [found.shape for found in arrangements(walk)]
    modules = _modules(walk, range(len(walk.rows)))
    stages = []
    for group in groups:
        own = tuple(i for i in group if i in made)
        name = _name(walk, group, own, depth, modules)
        shape = shapes[own[-1]]
        shape = shape if len(shape) <= 3 else (prod(shape),)
        stages.append(Stage(name, _kind(walk, own), shape, tuple(group), own))
    return stages


def title(name: str) -> str:
    """The end of a dotted name that says enough: "conv1" of "layer2.0.conv1", "features.3" as it is."""
    outer, _, last = layer_name(name).rpartition(".")
    return f"{title(outer)}.{last}" if outer and last[:1].isdigit() else last


def layer_name(name: str) -> str:
    """ "conv3" for "residual3.main.conv" of a network that is built here."""
    outer, _, rest = name.partition(".")
    return outer.replace("residual", "conv") if rest in BUILT else name


def _made(walk: Walk) -> set[int]:
    """Rows that get a volume, where every layer gets its own."""
    rows = {
        i
        for i, row in enumerate(walk.rows)
        if row.layer in KINDS and row.problem is None and not row.path.endswith("skip")
    }
    return rows - skipped_rows(walk, rows)


def _foldings(walk: Walk, made: set[int]) -> Iterator[tuple[int, Groups]]:
    """Ways to draw `walk`, from one layer a volume to its outermost modules, with how deep their names go."""
    names = [tuple(row.name.split(".")) for row in walk.rows]
    deepest = max((len(name) for name in names), default=1)
    last = -1
    levels: list[list[Hashable]] = [[last := i if i in made else last for i in range(len(names))]]
    levels += [[name[:depth] for name in names] for depth in range(deepest - 1, 0, -1)]
    for depth, level in zip(range(deepest, 0, -1), levels, strict=True):
        groups = _grouped(walk, made, level)
        yield depth, groups
        yield depth, _merged(walk, made, groups, [name[:depth][:-1] for name in names])


def _grouped(walk: Walk, made: set[int], level: list[Hashable]) -> Groups:
    """Consecutive rows of one `level`; what makes no shape goes with what is before it."""
    groups: Groups = []
    rows = [i for i, row in enumerate(walk.rows) if row.path != ONLY_IN_TRAINING and row.problem is None]
    for _, found in groupby(rows, level.__getitem__):
        group = list(found)
        if groups and (made.isdisjoint(group) or made.isdisjoint(groups[-1])):
            groups[-1] += group
        else:
            groups.append(group)
    return [group for group in groups if not made.isdisjoint(group)]


def _merged(walk: Walk, made: set[int], groups: Groups, parents: list[tuple[str, ...]]) -> Groups:
    """Neighbours of one shape, kind and parent in one group."""

    def alike(group: list[int]) -> Hashable:
        own = [i for i in group if i in made]
        return walk.rows[own[-1]].output, _kind(walk, own), parents[group[0]]

    return [list(chain(*found)) for _, found in groupby(groups, alike)]


def _kind(walk: Walk, made: Iterable[int]) -> str:
    return min((KINDS[walk.rows[i].layer] for i in made), key=RANK.index)


def _name(walk: Walk, group: Sequence[int], own: Sequence[int], depth: int, modules: Counter[str]) -> str:
    """The outermost module that is in the group with all its rows, or the first and the last of several."""
    first, last = (layer_name(walk.rows[i].name).split(".") for i in (own[0], own[-1]))
    present, needed = _modules(walk, group), _modules(walk, own)
    for end in range(1, len(first) + 1):
        prefix = ".".join(first[:end])
        if needed[prefix] == len(own) and present[prefix] == modules[prefix]:
            return prefix
    one, other = first[:depth], last[:depth]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if shared in (len(one), len(other)):
        return ".".join(one[:shared])
    letters = takewhile(lambda pair: pair[0] == pair[1], zip(one[shared], other[shared], strict=False))
    alike = len("".join(letter for letter, _ in letters).rstrip("0123456789"))
    return ".".join([*one[:shared], f"{one[shared]}–{other[shared][alike:]}"])


def _modules(walk: Walk, rows: Iterable[int]) -> Counter[str]:
    """How many of `rows` are in each module, and in each one around it."""
    found: Counter[str] = Counter()
    for i in rows:
        parts = layer_name(walk.rows[i].name).split(".")
        found.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return found
