"""Statements, functions and classes of pasted code, followed one by one; nothing of them is executed."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import CodeRefused
from core.models.pasted.calls import call_library, make_object, run_default, run_module
from core.models.pasted.expressions import Expressions
from core.models.pasted.natives import call_native
from core.models.pasted.operators import binary, items_of, truth
from core.models.pasted.place import MOST_DEPTH, Place, clipped
from core.models.pasted.python_names import dict_key
from core.models.pasted.values import (
    Bound,
    DefaultForward,
    Function,
    Library,
    Module,
    Native,
    Opaque,
    Partial,
    PastedClass,
    Scope,
    Value,
    described,
    integer,
)

METHOD_KINDS = ("staticmethod", "classmethod", "property")
BASES = (
    *("torch.nn.Module", "torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"),
    "builtins.object",
)


@dataclass(frozen=True)
class End:
    """How a statement leaves the block that it is in."""

    word: str  # "return", "break" or "continue"
    value: Value = None


class Statements(Expressions):
    """Follows statements; `run` gives how the block ends, or None where it goes on to its end."""

    def __init__(self, place: Place, source: str) -> None:
        super().__init__(place, source)
        self._followers: dict[type[ast.stmt], Callable[[Any, Scope], End | None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assignment,
            ast.AnnAssign: self._annotated,
            ast.AugAssign: self._augmented,
            ast.Return: self._return,
            ast.If: self._if,
            ast.For: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.Try: self._try,
            ast.FunctionDef: self._function_definition,
            ast.ClassDef: self._class_definition,
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Assert: self._nothing,
            ast.Pass: self._nothing,
            ast.Break: self._break,
            ast.Continue: self._continue,
            ast.Raise: self._raise,
        }

    def run(self, statements: list[ast.stmt], scope: Scope) -> End | None:
        for statement in statements:
            end = self.follow(statement, scope)
            if end is not None:
                return end
        return None

    def follow(self, statement: ast.stmt, scope: Scope) -> End | None:
        """One statement.

        Raises:
            CodeRefused: it can't be followed.
        """
        self.place.step(statement)
        follow = self._followers.get(type(statement))
        if follow is None:
            fix = "Use assignments, calls, if and for; leave the rest out."
            raise self.refusal(statement, "can't be followed", fix)
        try:
            return follow(statement, scope)
        except CodeRefused as refused:
            if refused.line is None:
                refused.line = statement.lineno
            raise

    def call(self, function: Value, positional: list[Value], named: dict[str, Value]) -> Value:
        self.place.depth += 1
        try:
            if self.place.depth > MOST_DEPTH:
                raise CodeRefused(
                    "Calls within calls go too deep to be followed.",
                    fix="Check that no function or module makes or calls itself without end.",
                )
            return self._called(function, positional, named)
        finally:
            self.place.depth -= 1

    def _called(self, function: Value, positional: list[Value], named: dict[str, Value]) -> Value:
        match function:
            case Bound(Function() as method, receiver):
                return self._run_function(method, [receiver, *positional], named)
            case Function():
                return self._run_function(function, positional, named)
            case Native():
                return call_native(function.name, function.call, positional, named)
            case PastedClass():
                return make_object(self, function, positional, named)
            case Module():
                return run_module(self, function, positional, named)
            case DefaultForward():
                return run_default(function.module, positional, named, self.call)
            case Partial():
                together = [*function.positional, *positional]
                return self._called(function.function, together, dict(function.named) | named)
            case Library() | Opaque():
                return call_library(self, function, positional, named)
        raise CodeRefused(
            "This can't be called.", found=described(function), fix="Call layers and functions only."
        )

    def _run_function(self, function: Function, positional: list[Value], named: dict[str, Value]) -> Value:
        scope = Scope(bind(function, positional, named), function.scope)
        if function.owner is not None:
            scope.owner, scope.receiver = function.owner, positional[0] if positional else None
        if isinstance(function.body, ast.expr):
            return self.evaluate(function.body, scope)
        line = self.place.line
        end = self.run(function.body, scope)
        self.place.line = line
        return end.value if end is not None and end.word == "return" else None

    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name():
                scope.names[target.id] = value
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, value, scope)
            case ast.Attribute():
                holder = self.evaluate(target.value, scope)
                self.set_attribute(holder, target.attr, value)
            case ast.Subscript():
                holder, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
                _set_item(holder, key, value)
            case _:
                raise self.refusal(target, "can't be followed", "Assign to names and attributes.")

    def set_attribute(self, holder: Value, name: str, value: Value) -> None:
        """holder.name = value."""
        if isinstance(holder, Opaque | Library):
            return
        if not isinstance(holder, Module) or name.startswith("__"):
            raise CodeRefused(
                f"`.{clipped(name)}` can't be set.",
                found=described(holder),
                fix="Set attributes of self only.",
            )
        if isinstance(value, Module) and not holder.ready:
            raise CodeRefused(
                "PyTorch refuses a layer before super().__init__() is called.",
                fix="Put super().__init__() on the first line of __init__.",
            )
        holder.attributes[name] = value

    def _unpack(self, targets: list[ast.expr], value: Value, scope: Scope) -> None:
        if isinstance(value, Opaque):
            items: list[Value] = [value] * len(targets)
        else:
            items = items_of(value)
        starred = [index for index, target in enumerate(targets) if isinstance(target, ast.Starred)]
        if starred and len(items) >= len(targets) - 1:
            first = starred[0]
            after = len(targets) - first - 1
            last = len(items) - after
            inner = targets[first]
            assert isinstance(inner, ast.Starred)
            self._unpack(targets[:first], items[:first], scope)
            self.assign(inner.value, items[first:last], scope)
            self._unpack(targets[first + 1 :], items[last:], scope)
            return
        if len(items) != len(targets):
            raise CodeRefused(
                "There are not as many values as names.",
                expected=f"{len(targets)} values",
                found=str(len(items)),
                fix="Write as many names as there are values.",
            )
        for target, item in zip(targets, items, strict=True):
            self.assign(target, item, scope)

    def _expression(self, node: ast.Expr, scope: Scope) -> None:
        self.evaluate(node.value, scope)

    def _assignment(self, node: ast.Assign, scope: Scope) -> None:
        value = self.evaluate(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, scope), scope)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        before = self.evaluate(node.target, scope)
        value = self.evaluate(node.value, scope)
        self.place.line = node.lineno
        if isinstance(before, list) and isinstance(node.op, ast.Add):
            before += binary(ast.Add, [], list(items_of(value)))
        else:
            self.assign(node.target, binary(type(node.op), before, value), scope)

    def _return(self, node: ast.Return, scope: Scope) -> End:
        return End("return", None if node.value is None else self.evaluate(node.value, scope))

    def _if(self, node: ast.If, scope: Scope) -> End | None:
        return self.run(self.branch(node, scope), scope)

    def branch(self, node: ast.If, scope: Scope) -> list[ast.stmt]:
        """The statements that `node` goes on to."""
        return node.body if truth(self.evaluate(node.test, scope)) else node.orelse

    def _for(self, node: ast.For, scope: Scope) -> End | None:
        for item in items_of(self.evaluate(node.iter, scope)):
            self.place.step(node)
            self.assign(node.target, item, scope)
            end = self.run(node.body, scope)
            if end is not None and end.word == "return":
                return end
            if end is not None and end.word == "break":
                return None
        return self.run(node.orelse, scope)

    def _while(self, node: ast.While, scope: Scope) -> End | None:
        while truth(self.evaluate(node.test, scope)):
            self.place.step(node)
            end = self.run(node.body, scope)
            if end is not None and end.word == "return":
                return end
            if end is not None and end.word == "break":
                return None
        return self.run(node.orelse, scope)

    def _with(self, node: ast.With, scope: Scope) -> End | None:
        for item in node.items:
            context = self.evaluate(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, context, scope)
        return self.run(node.body, scope)

    def _try(self, node: ast.Try, scope: Scope) -> End | None:
        """Nothing that can be followed raises, so that the handlers stay aside."""
        return self.run([*node.body, *node.orelse, *node.finalbody], scope)

    def _function_definition(self, node: ast.FunctionDef, scope: Scope) -> None:
        scope.names[node.name] = self._defined(node, scope)

    def _defined(self, node: ast.FunctionDef, scope: Scope) -> Value:
        found = self.function(node.name, node.args, node.body, node.lineno, scope)
        for decorator in node.decorator_list:
            name = decorator.id if isinstance(decorator, ast.Name) else ""
            if name in METHOD_KINDS:
                found.kind = name
            elif not _harmless(decorator):
                return Opaque(f"{clipped(node.name)} with its decorator")
        return found

    def _class_definition(self, node: ast.ClassDef, scope: Scope) -> None:
        if node.decorator_list or node.keywords or len(node.bases) > 1:
            fix = "Write the class as class Name(nn.Module):, with no decorator or second base."
            raise self.refusal(node, "can't be followed", fix)
        base = self.evaluate(node.bases[0], scope) if node.bases else None
        known = isinstance(base, Library) and (base.name in BASES or base.last == "LightningModule")
        if base is not None and not known and not isinstance(base, PastedClass):
            raise self.refusal(node, "isn't made from nn.Module", "Write class Name(nn.Module):.")
        inside = Scope(parent=scope)
        made = PastedClass(node.name, base, inside.names, node.lineno)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                member = self._defined(statement, scope)
                if isinstance(member, Function):
                    member.owner = made
                inside.names[statement.name] = member
            else:
                self.follow(statement, inside)
        scope.names[node.name] = made

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            if alias.asname:
                scope.names[alias.asname] = Library(alias.name)
            else:
                first = alias.name.split(".")[0]
                scope.names[first] = Library(first)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.starred.append(node.module or "")
            else:
                scope.names[alias.asname or alias.name] = Library(f"{node.module or ''}.{alias.name}")

    def _nothing(self, node: ast.stmt, scope: Scope) -> None:
        return None

    def _break(self, node: ast.Break, scope: Scope) -> End:
        return End("break")

    def _continue(self, node: ast.Continue, scope: Scope) -> End:
        return End("continue")

    def _raise(self, node: ast.Raise, scope: Scope) -> None:
        raise self.refusal(node, "is where the code itself gives up", "Change the values that lead here.")


def _harmless(decorator: ast.expr) -> bool:
    """torch.no_grad() and the like, which change no shape."""
    words = ast.dump(decorator)
    return any(f"attr='{name}'" in words for name in ("no_grad", "inference_mode", "jit", "autocast"))


def bind(function: Function, positional: list[Value], named: dict[str, Value]) -> dict[str, Value]:
    """The arguments by name, as a call of `function` fills them.

    Raises:
        CodeRefused: too many, too few, or of a wrong name.
    """
    arguments = function.arguments
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    found = dict(zip(names[len(names) - len(function.defaults) :], function.defaults, strict=True))
    found |= function.keyword_defaults
    found |= dict(zip(names, positional, strict=False))
    extra = positional[len(names) :]
    if arguments.vararg is not None:
        found[arguments.vararg.arg] = tuple(extra)
    elif extra:
        if function.owner and function.kind == "method" and names[:1] != ["self"]:
            fix = f"Write self first: def {clipped(function.name)}({', '.join(['self', *names])})."
            raise CodeRefused(f"{clipped(function.name)} doesn't take self.", fix=fix, line=function.line)
        raise CodeRefused(
            f"{clipped(function.name)} takes fewer arguments.",
            expected=f"at most {len(names)}",
            found=str(len(positional)),
            fix="Leave some out.",
        )
    known = {*names, *(argument.arg for argument in arguments.kwonlyargs)}
    others = {name: value for name, value in named.items() if name not in known}
    if arguments.kwarg is not None:
        found[arguments.kwarg.arg] = others
    elif others:
        raise CodeRefused(
            f"{clipped(function.name)} has no argument `{clipped(next(iter(others)))}`.",
            fix="Use a name that its definition has.",
        )
    found |= {name: value for name, value in named.items() if name in known}
    missing = [name for name in (*names, *sorted(known - {*names})) if name not in found]
    if missing:
        raise MissingValue(function, missing)
    return found


class MissingValue(CodeRefused):
    """A call leaves out what the function has no default value for."""

    def __init__(self, function: Function, missing: list[str]) -> None:
        self.names = missing
        listed = clipped(", ".join(missing))
        made = function.owner.name if function.owner and function.name == "__init__" else function.name
        super().__init__(f"{clipped(made)} needs a value for {listed}.", fix=f"Give {listed} in the call.")


def _set_item(holder: Value, key: Value, value: Value) -> None:
    if isinstance(holder, dict):
        holder[dict_key(key)] = value
    elif isinstance(holder, list) and -len(holder) <= integer(key, "A place in a list") < len(holder):
        holder[key] = value
    elif isinstance(holder, Module) and holder.container and isinstance(value, Module):
        names = list(holder.children)
        if holder.container != "ModuleDict":
            place = integer(key, "A place")
            if not -len(names) <= place < len(names):
                raise CodeRefused("There is no layer of this place.", fix="Count from 0.")
            key = names[place]
        holder.attributes[dict_key(key)] = value
    elif not isinstance(holder, Opaque):
        raise CodeRefused(
            "This item can't be set.", found=described(holder), fix="Set items of lists and dicts only."
        )
