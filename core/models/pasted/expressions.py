"""Expressions of pasted code, read one by one from the syntax tree: nothing of them is executed."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from core.errors import CodeRefused
from core.models.pasted.attributes import attribute
from core.models.pasted.nn_layers import LAYERS
from core.models.pasted.operations import FUNCTIONAL
from core.models.pasted.operators import binary, compare, items_of, subscript, truth, unary
from core.models.pasted.place import ITEMS_A_STEP, Place, bounded_number, bounded_size, clipped
from core.models.pasted.python_names import BUILTINS, dict_key
from core.models.pasted.reshaping import part_of
from core.models.pasted.values import (
    CONTAINERS,
    Bound,
    Function,
    Library,
    Module,
    Native,
    Opaque,
    Scope,
    Super,
    Tensor,
    Value,
)

KNOWN_WITHOUT_IMPORT = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "torchvision": "torchvision",
    "OrderedDict": "collections.OrderedDict",
    "math": "math",
    "np": "numpy",
    "TF": "torchvision.transforms.functional",
}
TYPES = ("int", "float", "str", "bool", "list", "tuple", "dict")
SPECIAL_NAMES = (*TYPES, "isinstance", "type", "getattr", "setattr", "hasattr", "super", "object")


class Expressions(ABC):
    """Evaluates expressions; calls are left to the class that knows statements."""

    def __init__(self, place: Place, source: str) -> None:
        self.place = place
        self.source = source
        self.top = Scope()
        self.starred: list[str] = []  # packages of `from ... import *`
        self._readers: dict[type[ast.expr], Callable[[Any, Scope], Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.BoolOp: self._boolean,
            ast.Compare: self._compare,
            ast.IfExp: self._choice,
            ast.List: self._list,
            ast.Tuple: self._tuple,
            ast.Dict: self._dict,
            ast.Subscript: self._subscript,
            ast.Slice: self._slice,
            ast.JoinedStr: self._text,
            ast.ListComp: self._list_comprehension,
            ast.GeneratorExp: self._list_comprehension,
            ast.DictComp: self._dict_comprehension,
            ast.Lambda: self._lambda,
        }

    @abstractmethod
    def call(self, function: Value, positional: list[Value], named: dict[str, Value]) -> Value:
        """function(*positional, **named)."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """What `node` is worth.

        Raises:
            CodeRefused: it can't be told from the code.
        """
        self.place.step(node)
        read = self._readers.get(type(node))
        if read is None:
            raise self.refusal(node, "can't be followed", "Write it with plain calls, numbers and lists.")
        try:
            value = read(node, scope)
            self.place.spend(_items_in(value) // ITEMS_A_STEP)
            return value
        except CodeRefused as refused:
            if refused.line is None:
                refused.line = node.lineno
            raise

    def refusal(self, node: ast.expr | ast.stmt, what: str, fix: str) -> CodeRefused:
        """That the code at `node` `what`, with the code quoted."""
        first = (self.source.split("\n") or [""])[node.lineno - 1].strip()
        return CodeRefused(f"`{clipped(first)}` {what}.", fix=fix, line=node.lineno)

    def _constant(self, node: ast.Constant, scope: Scope) -> Value:
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return bounded_number(value)
        if isinstance(value, str):
            bounded_size(len(value), "text")
            return value
        if value is None or value is ... or isinstance(value, bool):
            return value
        return Opaque(f"a {type(value).__name__} constant")

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        found = scope.find(node.id)
        if found is not None:
            return found.names[node.id]
        if node.id in KNOWN_WITHOUT_IMPORT:
            return Library(KNOWN_WITHOUT_IMPORT[node.id])
        if node.id in BUILTINS:
            return Native(node.id, BUILTINS[node.id])
        if node.id == "__name__":
            return "__main__"
        if node.id in SPECIAL_NAMES:
            return Library(f"builtins.{node.id}")
        for package in self.starred:
            if package == "torch.nn" and node.id in (*LAYERS, *CONTAINERS, "Module"):
                return Library(f"torch.nn.{node.id}")
            if package == "torch.nn.functional" and node.id in FUNCTIONAL:
                return Library(f"torch.nn.functional.{node.id}")
        whole_class = "Paste the whole class, from its line `class ...(nn.Module):` on."
        raise CodeRefused(
            f"`{clipped(node.id)}` isn't defined in this code.",
            fix=whole_class
            if node.id == "self"
            else "Paste the line that defines it as well, or write its value.",
            line=node.lineno,
        )

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        holder = self.evaluate(node.value, scope)
        found = attribute(holder, node.attr)
        if isinstance(found, Bound) and found.function.kind == "property":
            return self.call(Bound(found.function, found.receiver), [], {})
        return found

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        function = self.evaluate(node.func, scope)
        positional: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                positional += items_of(self.evaluate(argument.value, scope))
            else:
                positional.append(self.evaluate(argument, scope))
            bounded_size(len(positional), "list of arguments")
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                named |= value
            else:
                raise CodeRefused("What ** stands before isn't known.", fix="Write the arguments out.")
        self.place.line = node.lineno
        if function == Library("builtins.super") and not positional:
            return _super_of(scope)
        return self.call(function, positional, named)

    def _binary(self, node: ast.BinOp, scope: Scope) -> Value:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        self.place.line = node.lineno
        return binary(type(node.op), left, right)

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Value:
        return unary(type(node.op), self.evaluate(node.operand, scope))

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Value:
        wanted = isinstance(node.op, ast.Or)
        value: Value = None
        for part in node.values:
            value = self.evaluate(part, scope)
            if part is not node.values[-1] and truth(value) is wanted:
                break
        return value

    def _compare(self, node: ast.Compare, scope: Scope) -> bool:
        left = self.evaluate(node.left, scope)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(part, scope)
            if not compare(type(kind), left, right):
                return False
            left = right
        return True

    def _choice(self, node: ast.IfExp, scope: Scope) -> Value:
        return self.evaluate(node.body if truth(self.evaluate(node.test, scope)) else node.orelse, scope)

    def _items(self, nodes: list[ast.expr], scope: Scope) -> list[Value]:
        items: list[Value] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items += items_of(self.evaluate(node.value, scope))
            else:
                items.append(self.evaluate(node, scope))
            bounded_size(len(items), "list")
        return items

    def _list(self, node: ast.List, scope: Scope) -> list[Value]:
        return self._items(node.elts, scope)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> tuple[Value, ...]:
        return tuple(self._items(node.elts, scope))

    def _dict(self, node: ast.Dict, scope: Scope) -> dict[Value, Value]:
        found: dict[Value, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            worth = self.evaluate(value, scope)
            if key is not None:
                found[dict_key(self.evaluate(key, scope))] = worth
            elif isinstance(worth, dict):
                found |= worth
            else:
                raise CodeRefused("What ** stands before isn't known.", fix="Write the pairs out.")
        return found

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        holder, key = self.evaluate(node.value, scope), self.evaluate(node.slice, scope)
        return part_of(holder, key) if isinstance(holder, Tensor) else subscript(holder, key)

    def _slice(self, node: ast.Slice, scope: Scope) -> slice:
        ends = [
            None if end is None else self.evaluate(end, scope) for end in (node.lower, node.upper, node.step)
        ]
        for end in ends:
            if end is not None and not isinstance(end, int):
                raise CodeRefused("The ends of a slice have to be whole numbers.", fix="Write the numbers.")
        return slice(*ends)

    def _text(self, node: ast.JoinedStr, scope: Scope) -> str:
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
                continue
            assert isinstance(part, ast.FormattedValue)
            value = self.evaluate(part.value, scope)
            parts.append(str(value) if isinstance(value, bool | int | float | str) else "…")
        bounded_size(sum(map(len, parts)), "text")
        return "".join(parts)

    def _list_comprehension(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> list[Value]:
        found: list[Value] = []
        for inner in self._rounds(node.generators, Scope(parent=scope)):
            found.append(self.evaluate(node.elt, inner))
            bounded_size(len(found), "list")
        return found

    def _dict_comprehension(self, node: ast.DictComp, scope: Scope) -> dict[Value, Value]:
        rounds = self._rounds(node.generators, Scope(parent=scope))
        return {
            dict_key(self.evaluate(node.key, inner)): self.evaluate(node.value, inner) for inner in rounds
        }

    def _rounds(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        first, *others = generators
        for item in items_of(self.evaluate(first.iter, scope)):
            self.place.step(first.target)
            self.assign(first.target, item, scope)
            if all(truth(self.evaluate(condition, scope)) for condition in first.ifs):
                if others:
                    yield from self._rounds(others, scope)
                else:
                    yield scope

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Function:
        return self.function("lambda", node.args, node.body, node.lineno, scope)

    def function(
        self, name: str, arguments: ast.arguments, body: list[ast.stmt] | ast.expr, line: int, scope: Scope
    ) -> Function:
        """The function of these parts, its default values worked out now, as Python does."""
        defaults = tuple(self._default(node, scope) for node in arguments.defaults)
        named = {
            argument.arg: self._default(node, scope)
            for argument, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if node is not None
        }
        return Function(name, arguments, body, defaults, named, scope, line)

    def _default(self, node: ast.expr, scope: Scope) -> Value:
        try:
            return self.evaluate(node, scope)
        except CodeRefused:
            return Opaque("a default value")

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """target = value."""


def _items_in(value: Value) -> int:
    """How much there is to go through in what an expression is worth."""
    if isinstance(value, Module):
        return len(value.attributes)
    return len(value) if isinstance(value, list | tuple | dict | str | range) else 0


def _super_of(scope: Scope) -> Super:
    within: Scope | None = scope
    while within is not None and within.owner is None:
        within = within.parent
    if within is None or within.owner is None:
        raise CodeRefused("super() stands outside a class.", fix="Use it in a method.")
    return Super(within.owner, within.receiver)
