"""One argument of a layer moved through a range: what comes out, and which values PyTorch would refuse."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import prod
from typing import Any

from core.errors import LayerError
from core.layers.layer import Layer
from core.layers.shapes import Shape


class Argument(StrEnum):
    """What can be moved; `SIZE` and `IN_CHANNELS` move the input, and the layer is made for it."""

    SIZE = "size"
    IN_CHANNELS = "in_channels"
    OUT_CHANNELS = "out_channels"
    KERNEL = "kernel"
    STRIDE = "stride"
    PADDING = "padding"
    DILATION = "dilation"
    GROUPS = "groups"
    OUTPUT_PADDING = "output_padding"
    OUTPUT = "output"


class Quantity(StrEnum):
    """What is looked at while an argument moves."""

    OUTPUT_SIZE = "output size"
    OUTPUT_VALUES = "output values"
    PARAMETERS = "parameters"
    MACS = "MACs"


# Where an argument has another name in the record.
_FIELDS: Mapping[Argument, tuple[str, ...]] = {
    Argument.IN_CHANNELS: ("in_channels", "in_features", "channels"),
    Argument.OUT_CHANNELS: ("out_channels", "out_features"),
}


@dataclass(frozen=True)
class Setting:
    """A layer, and the shape (C, H, W), (C, L) or (N,) that reaches it."""

    layer: Layer
    input_shape: Shape

    def problem(self) -> LayerError | None:
        """Why PyTorch would refuse it; None if it would not."""
        try:
            self.layer.output_shape(self.input_shape)
        except LayerError as refused:
            return refused
        return None

    def value(self, argument: Argument, axis: int | None = None) -> int | None:
        """The number that `argument` stands at, of `axis` (0 rows, 1 columns) where it has two.

        None for one that is no number, such as padding "same", and for one that the layer hasn't.
        """
        if argument is Argument.SIZE:
            return self.input_shape[1 + (axis or 0)] if len(self.input_shape) > 1 else None
        name = self._field(argument)
        if name is None:
            return self.input_shape[0] if argument is Argument.IN_CHANNELS else None
        value = getattr(self.layer, name)
        if isinstance(value, tuple):
            value = value[axis or 0]
        return value if isinstance(value, int) else None

    def moved(self, argument: Argument, value: int, axis: int | None = None) -> "Setting":
        """The same with `argument` at `value`, on both axes unless `axis` names one."""
        shape, layer = self.input_shape, self.layer
        if argument is Argument.SIZE:
            return Setting(layer, (shape[0], *_placed(shape[1:], value, axis)))
        name = self._field(argument)
        changed: dict[str, Any] = {}
        if name is not None:
            before = getattr(layer, name)
            changed[name] = _placed(before, value, axis) if isinstance(before, tuple) else value
            layer = replace(layer, **changed)  # type: ignore[type-var]
        if argument is Argument.IN_CHANNELS:
            shape = (value, *shape[1:])
        return Setting(layer, shape)

    def _field(self, argument: Argument) -> str | None:
        names = _FIELDS.get(argument, (argument.value,))
        own = {field.name for field in fields(self.layer)}  # type: ignore[arg-type]
        return next((name for name in names if name in own), None)


@dataclass(frozen=True)
class SweepPoint:
    """The layer with the argument at `value`; `problem` says why PyTorch would refuse it there."""

    value: int
    output: Shape  # () where refused
    parameters: int
    macs: int  # for one picture
    problem: LayerError | None = None

    def quantity(self, quantity: Quantity) -> tuple[int, ...]:
        """The numbers of `quantity`: height and width where they differ, else one; () where refused."""
        if self.problem is not None:
            return ()
        match quantity:
            case Quantity.PARAMETERS:
                return (self.parameters,)
            case Quantity.MACS:
                return (self.macs,)
            case Quantity.OUTPUT_VALUES:
                return (prod(self.output),)
            case Quantity.OUTPUT_SIZE:
                sides = self.output[1:] or self.output
                return sides if len(set(sides)) > 1 else sides[:1]


def sweep(
    setting: Setting, argument: Argument, values: Iterable[int], axis: int | None = None
) -> tuple[SweepPoint, ...]:
    """A point for each of `values` of `argument`; everything else stays as it is in `setting`."""
    return tuple(_point(value, setting.moved(argument, value, axis)) for value in values)


def values_around(now: int, values: range, most: int = 48) -> tuple[int, ...]:
    """About `most` of `values` at most, evenly apart, from the first to beyond `now`, which is among them."""
    end = max(2 * now, values.start + 31)
    near = range(values.start, min(values.stop, end + 1))
    return tuple(sorted({*near[:: -(-len(near) // most)], now}))


def nearest_allowed(
    setting: Setting, argument: Argument, values: range, axis: int | None = None
) -> int | None:
    """Of `values`, the nearest to where `argument` stands that PyTorch takes; None if no value helps."""
    return _nearest(setting, argument, values, axis, lambda problem: problem is None)


def nearest_step(setting: Setting, argument: Argument, values: range, axis: int | None = None) -> int | None:
    """As `nearest_allowed`, for a setting with several problems: the first is gone, another may stay."""
    before = setting.problem()
    return _nearest(
        setting,
        argument,
        values,
        axis,
        lambda left: left is None or before is None or left.problem != before.problem,
    )


def _nearest(
    setting: Setting,
    argument: Argument,
    values: range,
    axis: int | None,
    is_better: Callable[[LayerError | None], bool],
) -> int | None:
    now = setting.value(argument, axis)
    if now is None:
        return None
    nearest_first = sorted(values, key=lambda value: (abs(value - now), value))
    found = (value for value in nearest_first if is_better(setting.moved(argument, value, axis).problem()))
    return next(found, None)


def _point(value: int, setting: Setting) -> SweepPoint:
    layer, shape = setting.layer, setting.input_shape
    try:
        return SweepPoint(value, layer.output_shape(shape), layer.parameters, layer.macs(shape))
    except LayerError as refused:
        return SweepPoint(value, (), 0, 0, refused)


def _placed(pair: tuple, value: int, axis: int | None) -> tuple:
    return tuple(value if axis in (None, place) else old for place, old in enumerate(pair))
