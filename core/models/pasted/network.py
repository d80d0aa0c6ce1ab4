"""Pasted PyTorch code as a network: what each of its layers puts out, without running any of it."""

from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace

from core.errors import CodeRefused
from core.layers.convolution import Conv1d, Conv2d
from core.layers.linear import Linear
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.models.fitting import FittingSides, fitting_sides, misfit, wanted_features
from core.models.pasted.choosing import Choice, chosen
from core.models.pasted.place import MOST_STEPS, Place
from core.models.pasted.source import parse
from core.models.pasted.statements import MissingValue, Statements
from core.models.pasted.trace import Stopped, Trace, holds_tensor
from core.models.pasted.values import Module, named_modules
from core.models.walk import LayerRow, Walk

PROBES: tuple[Shape, ...] = ((3, 64, 64), (3, 64), (64,))


@dataclass(frozen=True)
class PastedNetwork:
    """`name` is the network's class or variable in the code, `names` are all that could be chosen.

    `notes` are sentences on what was left out, and on what PyTorch would do with the code.
    """

    name: str
    names: tuple[str, ...]
    notes: tuple[str, ...]
    _root: Module = field(repr=False)
    _source: str = field(repr=False)

    def walk(self, input_shape: Shape) -> Walk:
        """The rows for pictures of `input_shape` (C, H, W), or sequences (C, L).

        Where shapes don't fit, the last row says why, and `Walk.error` with it.

        Raises:
            CodeRefused: forward does what can't be followed.
        """
        walk = self._walked(input_shape, Place())
        if walk.error is None or wanted_features(walk.rows[-1]) is None or _unflattened(walk.rows[-1]):
            return walk
        sides = self.fitting_sides(input_shape)
        if sides is None:
            return walk
        error = misfit(walk.rows[-1], walk.error, input_shape, sides)
        rows = (*walk.rows[:-1], replace(walk.rows[-1], problem=str(error)))
        return replace(walk, rows=rows, error=error)

    def fitting_sides(self, input_shape: Shape) -> FittingSides | None:
        """Sides of the square pictures with the channels of `input_shape` that fit, if any are found."""
        place = Place(3 * MOST_STEPS)
        with suppress(CodeRefused):
            return fitting_sides(lambda shape: self._walked(shape, place, quick=True), input_shape)
        return None

    @property
    def in_channels(self) -> int | None:
        """Channels that the first convolution wants of a picture (or sequence); None if it is unclear."""
        row = self._first_learning(PROBES)
        if row is None or not isinstance(row.record, CONVOLUTIONS):
            return None
        channels = row.record.in_channels
        met = self._first_learning([(channels, *(64,) * self.axes)])
        return channels if met is not None and met.problem is None else None

    @property
    def axes(self) -> int:
        """Axes of what the network takes, without the channels: 2 for pictures, 1 for sequences."""
        row = self._first_learning(PROBES)
        return 1 if row and isinstance(row.record, Conv1d) else 2

    def _first_learning(self, shapes: Sequence[Shape]) -> LayerRow | None:
        """The row of the first convolution or linear layer that one of `shapes` meets."""
        for shape in shapes:
            with suppress(CodeRefused):
                for row in self._walked(shape, Place()).rows:
                    if isinstance(row.record, (*CONVOLUTIONS, Linear)):
                        return row
        return None

    def unused(self, walk: Walk) -> dict[str, int]:
        """Names of the layers that forward never calls, with the parameters that `walk` doesn't count."""
        called = {row.name for row in walk.rows}
        return {
            name: module.record.parameters
            for name, module in named_modules(self._root)
            if module.record is not None and module.record.parameters and name not in called
        }

    def _walked(self, input_shape: Shape, place: Place, quick: bool = False) -> Walk:
        reader = Statements(place, self._source)
        try:
            root = deepcopy(self._root)  # forward may set attributes
            trace = Trace(root, place, input_shape, quick)
            try:
                output = reader.call(root, [trace.picture()], {})
            except Stopped:
                return trace.walk
            except MissingValue as missing:
                if missing.line is not None:
                    raise
                raise _too_many_inputs(root, missing) from None
        except RecursionError:
            raise _too_deep(place) from None
        if not holds_tensor(output):
            raise CodeRefused(
                f"The forward of {self.name} gives back no tensor.",
                fix="End it with return x.",
                line=root.cls.line if root.cls else root.line,
            )
        return trace.walk


CONVOLUTIONS = (Conv1d, Conv2d, ConvTranspose2d)


def read_network(source: str, name: str | None = None) -> PastedNetwork:
    """The network in `source`: an nn.Sequential(...), or an nn.Module class and what it is made of.

    Of several, it is the last one that isn't part of another, or the one called `name`.

    Raises:
        CodeRefused: there is none, or a line of it can't be followed.
    """
    tree, cleaned = parse(source)
    reader = Statements(Place(), cleaned)
    try:
        choice: Choice = chosen(reader, tree, name)
    except RecursionError:
        raise _too_deep(reader.place) from None
    return PastedNetwork(choice.name, choice.names, choice.notes, choice.module, cleaned)


def _unflattened(row: LayerRow) -> bool:
    """Whether maps reach a Linear: no other pictures are what it needs."""
    return isinstance(row.record, Linear) and len(row.input) == 3


def _too_many_inputs(root: Module, missing: MissingValue) -> CodeRefused:
    return CodeRefused(
        f"The forward of {root.kind} takes more than one tensor, and one is given here.",
        found=f"no value for {', '.join(missing.names)}",
        fix="Inspect the part of it that takes one tensor, or give the others a default value.",
        line=root.cls.line if root.cls else root.line,
    )


def _too_deep(place: Place) -> CodeRefused:
    return CodeRefused(
        "The code is nested too deeply to be read.",
        fix="Write it with fewer brackets in brackets, and fewer calls in calls.",
        line=place.line,
    )
