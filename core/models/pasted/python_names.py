"""The built-in functions of Python, and the methods of lists, dicts and texts, that a network's code uses."""

import math
from collections.abc import Callable, Iterable

from core.errors import CodeRefused
from core.models.pasted.operators import Number, formatted, items_of, truth
from core.models.pasted.place import bounded_number, bounded_size
from core.models.pasted.values import BATCH, Module, Native, Tensor, Value, described, integer


def _range(*limits: Value) -> range:
    if not 1 <= len(limits) <= 3:
        raise CodeRefused("range takes one to three numbers.", fix="Write range(stop).")
    numbers = [integer(limit, "A limit of range") for limit in limits]
    if len(numbers) == 3 and numbers[2] == 0:
        raise CodeRefused("The step of a range can't be 0.", fix="Use another step.")
    found = range(*numbers)
    bounded_size(max(abs(found.start - found.stop) // abs(found.step), 0), "range")
    return found


def _len(value: Value) -> Value:
    if isinstance(value, Tensor):
        return BATCH
    if isinstance(value, Module) and value.container:
        return len(value.children)
    if isinstance(value, str | list | tuple | dict | range):
        return len(value)
    raise CodeRefused("The length of this isn't known.", found=described(value), fix="Write the number.")


def _zip(*lists: Value) -> list[Value]:
    columns: list[list[Value]] = []
    total = 0
    for items in lists:
        columns.append(items_of(items))
        total = bounded_size(total + len(columns[-1]), "zip")
    return list(zip(*columns, strict=False))


def _enumerate(items: Value, start: Value = 0) -> list[Value]:
    return list(enumerate(items_of(items), integer(start, "The start of enumerate")))


def _numbers(values: Iterable[Value], what: str) -> list[Number]:
    numbers = list(values)
    for number in numbers:
        if not isinstance(number, Number):
            raise CodeRefused(
                f"{what} needs numbers.", found=described(number), fix="Write the result itself."
            )
    return numbers


def _sum(items: Value, start: Value = 0) -> Value:
    values = list(items_of(items))
    if values and isinstance(values[0], Tensor):
        tensor = values[0]
        for value in values[1:]:
            if not isinstance(value, Tensor):
                raise CodeRefused("sum needs tensors or numbers.", fix="Add them one by one.")
            tensor = tensor.trace.combine("Add", tensor, value)
        return tensor
    total: Number = 0
    for number in _numbers([start, *values], "sum"):
        total = bounded_number(total + number)
    return total


def _extreme(name: str, choose: Callable[[list[Number]], Number]) -> Callable[..., Value]:
    def find(*values: Value) -> Value:
        numbers = _numbers(items_of(values[0]) if len(values) == 1 else values, name)
        if not numbers:
            raise CodeRefused(f"{name} of nothing.", fix="Give it numbers.")
        return choose(numbers)

    return find


def _int(value: Value = 0) -> int:
    try:
        if isinstance(value, Number) or (isinstance(value, str) and len(value) < 20):
            return int(bounded_number(int(value)))
    except (ValueError, OverflowError):
        pass
    raise CodeRefused("This can't be made a whole number.", found=described(value), fix="Write the number.")


def _float(value: Value = 0) -> float:
    try:
        if isinstance(value, Number) or (isinstance(value, str) and len(value) < 20):
            return float(value)
    except ValueError:
        pass
    raise CodeRefused("This can't be made a number.", found=described(value), fix="Write the number.")


def _str(value: Value = "") -> str:
    if isinstance(value, bool | int | float | str):
        return str(value)
    raise CodeRefused("This can't be made a text.", found=described(value), fix="Write the text.")


def _round(value: Value, digits: Value = None) -> Value:
    (number,) = _numbers([value], "round")
    try:
        return round(number, None if digits is None else max(-20, min(integer(digits, "Digits"), 20)))
    except (ValueError, OverflowError):
        raise CodeRefused("This can't be rounded.", found=described(value), fix="Write the number.") from None


def _abs(value: Value) -> Value:
    (number,) = _numbers([value], "abs")
    return abs(number)


def _list(items: Value = ()) -> list[Value]:
    return list(items_of(items))


def _tuple(items: Value = ()) -> tuple[Value, ...]:
    return tuple(items_of(items))


def _reversed(items: Value) -> list[Value]:
    return list(items_of(items))[::-1]


def _dict(items: Value = (), /, **named: Value) -> dict[Value, Value]:
    found: dict[Value, Value] = {}
    pairs = items.items() if isinstance(items, dict) else items_of(items)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise CodeRefused(
                "A dict is made of pairs of a name and a value.",
                found=described(pair),
                fix='Write it as OrderedDict([("conv1", nn.Conv2d(...)), ...]).',
            )
        found[dict_key(pair[0])] = pair[1]
    return found | named


def dict_key(key: Value) -> Value:
    """`key` where it can be one.

    Raises:
        CodeRefused: it is no text or number.
    """
    if isinstance(key, str | int | float | bool | None):
        return key
    if isinstance(key, tuple) and all(isinstance(part, str | int | float | bool | None) for part in key):
        return key
    raise CodeRefused("Names in a dict are texts or numbers.", found=described(key), fix="Use a text.")


def _any(items: Value) -> bool:
    return any(truth(item) for item in items_of(items))


def _all(items: Value) -> bool:
    return all(truth(item) for item in items_of(items))


def _print(*_: Value, **__: Value) -> None:
    return None


def _ceil(value: Value) -> int:
    return _whole(math.ceil, value)


def _floor(value: Value) -> int:
    return _whole(math.floor, value)


def _whole(round_off: Callable[[float], int], value: Value) -> int:
    (number,) = _numbers([value], "Rounding")
    try:
        return int(bounded_number(round_off(number)))
    except (ValueError, OverflowError):
        raise CodeRefused("This can't be rounded.", found=described(value), fix="Write the number.") from None


def _root(value: Value) -> float:
    (number,) = _numbers([value], "A root")
    if number < 0:
        raise CodeRefused("A root of a negative number.", fix="Use positive numbers.")
    return math.sqrt(number)


def _log2(value: Value) -> float:
    (number,) = _numbers([value], "A logarithm")
    if number <= 0:
        raise CodeRefused("A logarithm of a number that isn't positive.", fix="Use positive numbers.")
    return math.log2(number)


def _product(items: Value) -> Value:
    total: Number = 1
    for number in _numbers(items_of(items), "A product"):
        total = bounded_number(total * number)
    return total


BUILTINS: dict[str, Callable[..., Value]] = {
    "abs": _abs,
    "all": _all,
    "any": _any,
    "dict": _dict,
    "enumerate": _enumerate,
    "float": _float,
    "int": _int,
    "len": _len,
    "list": _list,
    "max": _extreme("max", max),
    "min": _extreme("min", min),
    "print": _print,
    "range": _range,
    "reversed": _reversed,
    "round": _round,
    "str": _str,
    "sum": _sum,
    "tuple": _tuple,
    "zip": _zip,
}
LIBRARY_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "collections.OrderedDict": _dict,
    "math.ceil": _ceil,
    "math.floor": _floor,
    "math.prod": _product,
    "math.sqrt": _root,
    "math.log2": _log2,
    "numpy.prod": _product,
}


def list_method(items: list[Value], name: str) -> Native | None:
    """The method `name` of a list."""

    def append(item: Value) -> None:
        bounded_size(len(items) + 1, "list")
        items.append(item)

    def extend(more: Value) -> None:
        added = list(items_of(more))
        bounded_size(len(items) + len(added), "list")
        items.extend(added)

    def insert(place: Value, item: Value) -> None:
        bounded_size(len(items) + 1, "list")
        items.insert(integer(place, "A place"), item)

    def pop(place: Value = -1) -> Value:
        index = integer(place, "A place")
        if not -len(items) <= index < len(items):
            raise CodeRefused("There is no item of this place.", fix="Use a place that the list has.")
        return items.pop(index)

    def reverse() -> None:
        items.reverse()

    def copy() -> list[Value]:
        return list(items)

    methods = {f.__name__: f for f in (append, extend, insert, pop, reverse, copy)}
    return Native(f"list.{name}", methods[name]) if name in methods else None


def dict_method(pairs: dict[Value, Value], name: str) -> Native | None:
    """The method `name` of a dict."""

    def items() -> list[Value]:
        return list(pairs.items())

    def keys() -> list[Value]:
        return list(pairs)

    def values() -> list[Value]:
        return list(pairs.values())

    def get(key: Value, default: Value = None) -> Value:
        return pairs.get(dict_key(key), default)

    def update(more: Value = (), **named: Value) -> None:
        pairs.update(_dict(more, **named))

    methods = {f.__name__: f for f in (items, keys, values, get, update)}
    return Native(f"dict.{name}", methods[name]) if name in methods else None


def text_method(text: str, name: str) -> Native | None:
    """The method `name` of a text."""

    def lower() -> str:
        return text.lower()

    def upper() -> str:
        return text.upper()

    def startswith(start: Value) -> bool:
        return text.startswith(_str(start))

    def endswith(end: Value) -> bool:
        return text.endswith(_str(end))

    def format(*values: Value) -> str:
        return formatted(text, "{}", values)

    methods = {f.__name__: f for f in (lower, upper, startswith, endswith, format)}
    return Native(f"str.{name}", methods[name]) if name in methods else None
