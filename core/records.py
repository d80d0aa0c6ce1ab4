"""Frozen dataclasses to JSON and back, so that every setting survives a restart."""

import dataclasses
import types
import typing
from enum import Enum
from typing import Any, TypeVar

from core.errors import ConfigError

T = TypeVar("T")


def to_json(record: Any) -> Any:
    """`record` (a dataclass, or any nest of them) as plain dicts, lists, numbers and strings."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {f.name: to_json(getattr(record, f.name)) for f in dataclasses.fields(record)}
    if isinstance(record, Enum):
        return record.value
    if isinstance(record, dict):
        return {key: to_json(value) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [to_json(value) for value in record]
    return record


def from_json(kind: type[T], value: Any) -> T:
    """The `kind` that `to_json` made `value` of; validated as if it were written by hand.

    Raises:
        ConfigError: a field is unknown, missing or of the wrong type, named by its path.
    """
    return typing.cast(T, _read(kind, value, kind.__name__))


def _read(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(kind), value, where)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise _mismatch(where, "a list", value)
        item_kinds = typing.get_args(kind)
        if len(item_kinds) == 2 and item_kinds[1] is Ellipsis:
            return tuple(_read(item_kinds[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        if len(item_kinds) != len(value):
            raise _mismatch(where, f"{len(item_kinds)} values", value)
        pairs = zip(item_kinds, value, strict=True)
        return tuple(_read(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(pairs))
    if origin is dict:
        _, value_kind = typing.get_args(kind)
        if not isinstance(value, dict):
            raise _mismatch(where, "an object", value)
        return {str(k): _read(value_kind, v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            raise _mismatch(where, "one of " + ", ".join(str(m.value) for m in kind), value) from None
    if kind is Any:
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _mismatch(where, kind.__name__, value)
    return value


def _read_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    candidates = [kind for kind in kinds if kind is not type(None)]
    for position, kind in enumerate(candidates):
        try:
            return _read(kind, value, where)
        except ConfigError:
            if position == len(candidates) - 1:
                raise
    raise _mismatch(where, "a value", value)


def _read_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _mismatch(where, "an object", value)
    hints = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind) if f.init}
    if unknown := sorted(set(value) - set(fields)):
        raise ConfigError(
            f"{where} has a setting that this version doesn't know: {', '.join(unknown)}.",
            fix="Remove it, or open the file with the version that wrote it.",
        )
    required = {
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    if missing := sorted(required - set(value)):
        raise ConfigError(f"{where} lacks {', '.join(missing)}.", fix="Add the missing setting.")
    return kind(**{name: _read(hints[name], v, f"{where}.{name}") for name, v in value.items()})


def _mismatch(where: str, expected: str, found: Any) -> ConfigError:
    return ConfigError(
        f"{where} can't be read.",
        expected=expected,
        found=repr(found)[:80],
        fix="Correct the value in the file.",
    )
