"""Python's operators on the values of the reader: numbers, texts and lists bounded, tensors traced."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from core.errors import CodeRefused
from core.models.pasted.place import bounded_number, bounded_size
from core.models.pasted.values import BATCH, Library, Module, Opaque, PastedClass, Tensor, Value, described

ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
JOINS = {"+": "Add", "-": "Subtract", "*": "Multiply", "/": "Divide"}
Number = int | float
SCALARS = (type(None), bool, int, float, str)


def binary(kind: type[ast.operator], left: Value, right: Value) -> Value:
    """left (+, -, *, /, //, %, **) right."""
    if kind not in ARITHMETIC:
        raise CodeRefused("This operator can't be followed.", fix="Use + - * / // % or **.")
    symbol, apply = ARITHMETIC[kind]
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _of_tensors(symbol, left, right)
    if isinstance(left, Number) and isinstance(right, Number):
        return _of_numbers(symbol, apply, left, right)
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        return Opaque(f"the result of {symbol}")
    if symbol == "+" and isinstance(left, list | tuple | str) and type(left) is type(right):
        bounded_size(len(left) + len(right), type(left).__name__)
        return apply(left, right)
    if symbol == "*":
        for items, times in ((left, right), (right, left)):
            if isinstance(items, list | tuple | str) and isinstance(times, int):
                bounded_size(len(items) * times, type(items).__name__)
                return items * times
    if symbol == "%" and isinstance(left, str):
        return formatted(left, "%d", right if isinstance(right, tuple) else (right,))
    raise CodeRefused(
        f"{symbol} can't be worked out here.",
        expected="numbers, tensors or lists on both sides",
        found=f"{described(left)} {symbol} {described(right)}",
        fix="Write the result itself.",
    )


def formatted(template: str, sign: str, values: tuple[Value, ...]) -> str:
    """`template` with `values` in the places of `sign`, "%d" (or "%s") or "{}"."""
    parts = (template.replace("%s", "%d") if sign == "%d" else template).split(sign)
    plain = all(isinstance(value, int | float | str) for value in values)
    if len(parts) != len(values) + 1 or not plain or any(sign[0] in part for part in parts):
        raise CodeRefused("This text can't be worked out.", found=described(template), fix="Use an f-string.")
    words = "".join(part + str(value) for part, value in zip(parts, (*values, ""), strict=True))
    bounded_size(len(words), "text")
    return words


def _of_numbers(symbol: str, apply: Callable[[Any, Any], Any], left: Number, right: Number) -> Number:
    if symbol == "**" and abs(right) > 64:
        raise CodeRefused("A power here is too high.", fix="Use smaller numbers.")
    try:
        result = apply(left, right)
    except ZeroDivisionError:
        raise CodeRefused("A division by zero.", fix="Change the number that divides.") from None
    except OverflowError:
        raise CodeRefused("A number here is too large to be a size.", fix="Use smaller numbers.") from None
    if isinstance(result, complex):
        raise CodeRefused("A root of a negative number.", fix="Use positive numbers.")
    return bounded_number(result)


def _of_tensors(symbol: str, left: Value, right: Value) -> Tensor:
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        if symbol in JOINS:
            return left.trace.combine(JOINS[symbol], left, right)
    else:
        tensor, other = (left, right) if isinstance(left, Tensor) else (right, left)
        if isinstance(other, Number) and symbol != "%":
            return tensor
    raise CodeRefused(
        f"{symbol} between these can't be followed.",
        found=f"{described(left)} {symbol} {described(right)}",
        fix="Add, subtract, multiply or divide two tensors, or a tensor and a number.",
    )


def unary(kind: type[ast.unaryop], value: Value) -> Value:
    """not value, -value, +value."""
    if kind is ast.Not:
        return not truth(value)
    if isinstance(value, Number) and kind in (ast.USub, ast.UAdd):
        return bounded_number(-value if kind is ast.USub else +value)
    if isinstance(value, Tensor) and kind in (ast.USub, ast.UAdd):
        return value
    if isinstance(value, Opaque):
        return value
    raise CodeRefused("This sign can't be followed.", found=described(value), fix="Write the result itself.")


def compare(kind: type[ast.cmpop], left: Value, right: Value) -> bool:
    """left (==, !=, <, <=, >, >=, is, is not, in, not in) right."""
    if kind in (ast.NotEq, ast.IsNot, ast.NotIn):
        positive: dict[type[ast.cmpop], type[ast.cmpop]] = {
            ast.NotEq: ast.Eq,
            ast.IsNot: ast.Is,
            ast.NotIn: ast.In,
        }
        return not compare(positive[kind], left, right)
    if kind in (ast.Eq, ast.Is):
        return equal(left, right)
    if kind is ast.In and isinstance(right, str) and isinstance(left, str):
        return left in right
    if kind is ast.In and isinstance(right, list | tuple | dict | range):
        return any(equal(left, item) for item in right)
    same = isinstance(left, str) and isinstance(right, str)
    if kind in ORDER and (same or (isinstance(left, Number) and isinstance(right, Number))):
        return ORDER[kind](left, right)
    raise CodeRefused(
        "This comparison can't be worked out from the code.",
        found=f"{described(left)} and {described(right)}",
        fix="Compare numbers or texts that stand in the code, or leave out the branch.",
    )


def equal(left: Value, right: Value) -> bool:
    """left == right, of values that the reader knows."""
    if left is right and not isinstance(left, Opaque):
        return True
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        if left is None or right is None:
            return False
        raise CodeRefused(
            "This comparison can't be worked out from the code.",
            found=f"{described(left)} and {described(right)}",
            fix="Compare numbers or texts that stand in the code, or leave out the branch.",
        )
    if isinstance(left, SCALARS) and isinstance(right, SCALARS):
        return bool(left == right)
    if isinstance(left, list | tuple) and type(left) is type(right):
        flat = all(isinstance(item, SCALARS) or item is BATCH for item in (*left, *right))
        if not flat:
            raise CodeRefused("Lists of lists can't be compared here.", fix="Compare their numbers.")
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Library) and isinstance(right, Library):
        return left == right
    return False


def truth(value: Value) -> bool:
    """Whether an `if` on `value` goes in."""
    if isinstance(value, (*SCALARS, list, tuple, dict, range)):
        return bool(value)
    if isinstance(value, Library | Module | PastedClass):
        return True
    raise CodeRefused(
        "Which way the code goes on here can't be read from it.",
        found=described(value),
        fix="Make the condition a number or a text that stands in the code, or leave out the branch.",
    )


def items_of(value: Value) -> list[Value]:
    """What a loop over `value` goes through."""
    if isinstance(value, list | tuple | dict | range | str):
        bounded_size(len(value), "loop")
        return list(value)
    if isinstance(value, Module) and value.container == "ModuleDict":
        return list(value.children)
    if isinstance(value, Module) and value.container:
        return list(value.children.values())
    raise CodeRefused(
        "What a loop goes through here isn't known.",
        expected="a range, a list, a tuple or the layers of a Sequential or ModuleList",
        found=described(value),
        fix="Loop over numbers or layers that stand in the code.",
    )


def subscript(value: Value, key: Value) -> Value:
    """value[key]."""
    if isinstance(value, Opaque):
        return Opaque(value.what)
    try:
        if isinstance(value, Module) and value.container:
            return _of_container(value, key)
        if isinstance(value, list | tuple | str | range) and isinstance(key, int | slice):
            return value[key]
        if isinstance(value, dict) and isinstance(key, SCALARS):
            return value[key]
    except (IndexError, KeyError, ValueError):
        raise CodeRefused(
            "There is no item of this place or name.",
            found=f"{described(key)} in {described(value)}",
            fix="Use a place or name that it has.",
        ) from None
    raise CodeRefused(
        "This item can't be taken.",
        found=f"{described(key)} of {described(value)}",
        fix="Take items of lists, tuples, dicts, shapes and containers of layers only.",
    )


def _of_container(module: Module, key: Value) -> Value:
    names, layers = list(module.children), list(module.children.values())
    if module.container == "ModuleDict" and isinstance(key, str) and key in module.children:
        return module.children[key]
    if module.container != "ModuleDict" and isinstance(key, int) and -len(layers) <= key < len(layers):
        return layers[key]
    if module.container != "ModuleDict" and isinstance(key, slice):
        chosen = dict(zip(names[key], layers[key], strict=True))
        return Module(module.container or "", module.line, attributes=chosen)
    raise CodeRefused(
        f"The {module.kind} has no such layer.",
        found=f"{described(key)}, where it has {len(layers)}",
        fix="Count from 0.",
    )
