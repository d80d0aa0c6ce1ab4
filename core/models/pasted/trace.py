"""One way through the network for a picture of one shape: the rows of its walk, as forward makes them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

from core.errors import CodeRefused, LayerError
from core.layers.layer import Layer
from core.layers.receptive import Reach, joined
from core.layers.shapes import Shape, shape_text
from core.models.pasted.own_layers import OwnLayer, Product, reach_of
from core.models.pasted.place import SPANS_A_STEP, STEPS_A_ROW, STEPS_A_SHAPE, Place, clipped
from core.models.pasted.values import Module, Tensor, Value, described, named_modules
from core.models.walk import LayerRow, Walk, check_values, layer_row

MOST_AXES = 16  # without the batch
PRODUCTS = {"Multiply": Product(), "Divide": Product()}


class Stopped(Exception):
    """The last row can't be built: the walk ends there."""


class Trace:
    """`place` says at which line of the code the trace is.

    A `quick` one only looks whether shapes fit: it has no row but the one that can't be built.
    """

    def __init__(self, root: Module, place: Place, input_shape: Shape, quick: bool = False) -> None:
        self.place = place
        self.input_shape = input_shape
        self._quick = quick
        self.rows: list[LayerRow] = []
        self.error: LayerError | None = None
        self._names = {id(module): name for name, module in named_modules(root)}
        self._within: list[str] = []  # modules whose forward runs, outermost first
        self._given: Counter[str] = Counter()
        self._met: set[int] = set()
        self._made: dict[int, Layer] = {}  # records of lazy layers

    @property
    def walk(self) -> Walk:
        return Walk(self.input_shape, tuple(self.rows), self.error)

    def picture(self) -> Tensor:
        seen = len(self.input_shape) > 1 and not self._quick
        return Tensor(self.input_shape, -1, Reach() if seen else None, self)

    def enter(self, module: Module) -> None:
        self._within.append(self._names.get(id(module), module.kind))

    def leave(self) -> None:
        self._within.pop()

    def layer(self, module: Module, tensor: Tensor) -> Tensor:
        """The row of a layer's call; its parameters count the first time only."""
        record = self._record(module, tensor)
        name = self._names.get(id(module)) or self._new_name(module.kind.lower())
        again = id(module) in self._met
        self._met.add(id(module))
        return self._add(record, tensor, name, module.kind, module.line, again)

    def apply(self, record: Layer, tensor: Tensor, name: str, kind: str = "") -> Tensor:
        """The row of a function that is called on a tensor in forward."""
        return self._add(record, tensor, self._new_name(name), kind, self.place.line)

    def combine(self, kind: str, left: Tensor, right: Tensor) -> Tensor:
        """The row of an addition or the like of two tensors, the smaller one stretched where sides are 1."""
        sides = list(zip(left.shape, right.shape, strict=False))
        if len(left.shape) != len(right.shape) or any(a != b and 1 not in (a, b) for a, b in sides):
            error = LayerError(
                "The two tensors don't have the same shape.",
                expected=shape_text(left.shape) or "one value a picture",
                found=shape_text(right.shape) or "one value a picture",
                fix="Give both ways the same channels, strides and padding.",
            )
            self.stop(kind, (left, right), error)
        output = tuple(b if a == 1 else a for a, b in sides)
        return self.put(kind, (left, right), output, joined((left.reach, right.reach)))

    def concatenate(self, tensors: Sequence[Tensor], axis: int) -> Tensor:
        """The row of torch.cat; `axis` 0 is that of the channels."""
        first = tensors[0].shape
        before, after = first[:axis], first[axis + 1 :]
        for tensor in tensors[1:]:
            shape = tensor.shape
            if len(shape) != len(first) or (shape[:axis], shape[axis + 1 :]) != (before, after):
                error = LayerError(
                    "The tensors don't fit together side by side.",
                    expected=f"{shape_text(first)}, but for axis {axis + 1}",
                    found=shape_text(shape),
                    fix="Make the other sides equal, by padding, cropping or another picture size.",
                )
                self.stop("Concat", tensors, error)
        output = (*before, sum(tensor.shape[axis] for tensor in tensors), *after)
        reach = joined({tensor.source: tensor.reach for tensor in tensors}.values())
        return self.put("Concat", tensors, output, reach, f"{len(tensors)} maps")

    def put(
        self, kind: str, sources: Sequence[Tensor], output: Shape, reach: Reach | None, settings: str = ""
    ) -> Tensor:
        """The row of something that has no arithmetic of its own."""
        self.place.spend(STEPS_A_SHAPE if self._quick else STEPS_A_ROW)
        self._spend_on(reach)
        if len(output) > MOST_AXES:
            raise CodeRefused("A tensor here has too many axes.", fix="Flatten it before you add more.")
        if self._quick and output:
            return Tensor(output, -1, None, self)
        try:
            check_values(output)
        except LayerError as error:
            self.stop(kind, sources, error)
        row = LayerRow(
            self._new_name(kind.lower()),
            self._path,
            None,
            kind,
            settings,
            output,
            0,
            0,
            input=sources[0].shape,
            record=PRODUCTS.get(kind),
            reach=reach,
            line=self.place.line,
            sources=self._sources(sources),
        )
        self.rows.append(row)
        return Tensor(output, len(self.rows) - 1, reach, self)

    def stop(self, kind: str, sources: Sequence[Tensor], error: LayerError) -> NoReturn:
        """Ends the walk with a row that can't be built.

        Raises:
            Stopped: always.
        """
        self.put(kind, sources, (), None)
        self.rows[-1] = replace(self.rows[-1], record=None, problem=str(error))
        self.error = error
        raise Stopped

    def _record(self, module: Module, tensor: Tensor) -> Layer:
        if module.record is not None:
            return module.record
        if module.make is None:
            raise CodeRefused(f"nn.{clipped(module.kind)} can't be called.", fix="Call the layers in it.")
        if id(module) not in self._made:
            self._made[id(module)] = module.make(tensor.shape)
        return self._made[id(module)]

    def _add(
        self, record: Layer, tensor: Tensor, name: str, kind: str, line: int | None, again: bool = False
    ) -> Tensor:
        self.place.spend(STEPS_A_SHAPE if self._quick else STEPS_A_ROW)
        if not tensor.shape:
            raise CodeRefused("Nothing but the batch is left of the tensor.", fix="Keep an axis of features.")
        if self._quick:
            with suppress(LayerError):
                return Tensor(record.output_shape(tensor.shape), -1, None, self)
        row, error = layer_row(
            record,
            tensor.shape,
            name=name,
            path=name.rpartition(".")[0],
            line=line,
            sources=self._sources((tensor,)),
        )
        settings = record.settings if isinstance(record, OwnLayer) else row.settings
        reach = None if error else reach_of(record, tensor.reach, tensor.shape)
        self._spend_on(reach)
        row = replace(row, layer=kind or row.layer, settings=settings, reach=reach)
        if again:
            row = replace(row, parameters=0, settings=f"{row.settings}, the same weights again".lstrip(", "))
        self.rows.append(row)
        if error is not None:
            self.error = error
            raise Stopped
        return Tensor(row.output, len(self.rows) - 1, row.reach, self)

    def _spend_on(self, reach: Reach | None) -> None:
        """Counts the steps of a reach that repeats itself after many places only."""
        sights = reach.sights if reach is not None and reach.sights is not None else ()
        self.place.spend(sum(len(sight.spans) for sight in sights) // SPANS_A_STEP)

    def _sources(self, tensors: Sequence[Tensor]) -> tuple[int, ...]:
        places = tuple(tensor.source for tensor in tensors)
        if any(tensor.trace is not self for tensor in tensors):
            raise CodeRefused("A tensor here is kept from somewhere else.", fix="Use what forward is given.")
        return places

    def _new_name(self, word: str) -> str:
        """relu, relu_1, relu_2 ..., as torch.fx names what has no name."""
        path = self._path
        name = f"{path}.{word}" if path else word
        self._given[name] += 1
        return name if self._given[name] == 1 else f"{name}_{self._given[name] - 1}"

    @property
    def _path(self) -> str:
        """The module whose forward runs."""
        return self._within[-1] if self._within else ""


def tensor_of(value: Value) -> Tensor:
    """`value` as the tensor that a layer needs.

    Raises:
        CodeRefused: it is none.
    """
    if not isinstance(value, Tensor):
        raise CodeRefused(
            "A tensor is needed here.", found=described(value), fix="Pass x, or what a layer gives."
        )
    return value


def tensors_in(value: Value) -> Iterator[Tensor]:
    """The tensor that `value` is, or those that it is a list, tuple or dict of."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        items = value.values() if isinstance(value, dict) else value
        yield from (item for item in items if isinstance(item, Tensor))


def holds_tensor(value: Value) -> bool:
    return next(tensors_in(value), None) is not None
