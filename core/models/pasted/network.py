"""Pasted PyTorch code as a network: what each of its layers puts out, without running any of it."""

import ast
from dataclasses import dataclass, field

from core.errors import CodeRefused
from core.layers.convolution import Conv1d, Conv2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.models.pasted.place import Place
from core.models.pasted.source import parse
from core.models.pasted.statements import Statements
from core.models.pasted.trace import Stopped, Trace
from core.models.pasted.values import Module, PastedClass, Value
from core.models.walk import Walk


@dataclass(frozen=True)
class PastedNetwork:
    """`name` is the network's class or variable in the code; `notes` says what was left out."""

    name: str
    notes: tuple[str, ...]
    _root: Module = field(repr=False)
    _source: str = field(repr=False)

    def walk(self, input_shape: Shape) -> Walk:
        """The rows for pictures of `input_shape` (C, H, W); the last one's problem is where shapes don't fit.

        Raises:
            CodeRefused: forward does what can't be followed.
        """
        place = Place()
        reader = Statements(place, self._source)
        trace = Trace(self._root, place, input_shape)
        try:
            reader.call(self._root, [trace.picture()], {}, reader.top)
        except Stopped:
            pass
        except RecursionError:
            raise too_deep(place) from None
        return trace.walk

    @property
    def in_channels(self) -> int | None:
        """Channels that the first layer wants of a picture, where it fixes them."""
        for shape in ((3, 64, 64), (3, 64)):
            try:
                rows = self.walk(shape).rows
            except CodeRefused:
                continue
            for row in rows:
                if isinstance(row.record, Conv1d | Conv2d | ConvTranspose2d):
                    return row.record.in_channels
        return None


def read_network(source: str) -> PastedNetwork:
    """The network in `source`: an nn.Sequential(...), or nn.Module classes of which the last is taken.

    Raises:
        CodeRefused: there is none, or a line of it can't be followed.
    """
    tree, cleaned = parse(source)
    place = Place()
    reader = Statements(place, cleaned)
    try:
        return _read(tree, reader, cleaned)
    except RecursionError:
        raise too_deep(place) from None


def _read(tree: ast.Module, reader: Statements, source: str) -> PastedNetwork:
    found: list[tuple[str, Value]] = []
    for statement in tree.body:
        if isinstance(statement, ast.Expr):
            value = reader.evaluate(statement.value, reader.top)
            if isinstance(value, Module):
                found.append((value.kind, value))
            continue
        reader.follow(statement, reader.top)
        if isinstance(statement, ast.ClassDef | ast.Assign):
            names = [statement.name] if isinstance(statement, ast.ClassDef) else _names(statement)
            found += [(name, reader.top.names[name]) for name in names]
    for name, value in reversed(found):
        if isinstance(value, PastedClass):
            value = reader.call(value, [], {}, reader.top)
        if isinstance(value, Module):
            return PastedNetwork(name, (), value, source)
    raise CodeRefused(
        "There is no network in this code.", fix="Paste an nn.Sequential(...) or an nn.Module class."
    )


def _names(statement: ast.Assign) -> list[str]:
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]


def too_deep(place: Place) -> CodeRefused:
    """That Python's own depth is spent on the code."""
    return CodeRefused(
        "The code is nested too deeply to be read.",
        fix="Write it with fewer brackets in brackets.",
        line=place.line,
    )
