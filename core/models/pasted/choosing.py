"""Which of the things in pasted code is the network, and what beside it is left out."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.errors import CodeRefused
from core.models.pasted.nn_layers import LAYERS
from core.models.pasted.place import clipped
from core.models.pasted.statements import MissingValue, Statements
from core.models.pasted.values import (
    CONTAINERS,
    Function,
    Module,
    Opaque,
    PastedClass,
    Value,
    modules_beside,
    named_modules,
)

_LOWERED = {name.lower() for name in (*LAYERS, *CONTAINERS)}
STEPS_A_STATEMENT = 30_000
ADDING = ("append", "extend", "insert", "update", "add_module")


@dataclass(frozen=True)
class Choice:
    name: str
    names: tuple[str, ...]
    notes: tuple[str, ...]
    module: Module


@dataclass
class _Script:
    """What reading the code from top to bottom has brought up."""

    found: dict[str, Value] = field(default_factory=dict)  # modules, classes, functions; the last one last
    broken: CodeRefused | None = None  # the first network that couldn't be made, if none was made after it
    first: CodeRefused | None = None  # why the first thing was left out
    skipped: list[tuple[int, int]] = field(default_factory=list)  # first and last lines


def chosen(reader: Statements, tree: ast.Module, name: str | None) -> Choice:
    """The network called `name`, or the last one that isn't part of another.

    Raises:
        CodeRefused: there is none, or it can't be made.
    """
    script = _Script()
    _read(reader, tree.body, script)
    if script.broken is not None and name is None:
        _refuse_keras(tree)
        raise script.broken
    names = _candidates(script.found, tree)
    if not names:
        if script.broken is not None:
            raise script.broken
        _refuse_what_is_no_network(reader, tree)
        first = script.first
        raise CodeRefused(
            "There is no network in this code.",
            expected="nn.Sequential(...), or a class made from nn.Module",
            found=first.problem if first else "",
            fix="Paste the network itself, with the lines that its values come from.",
            line=first.line if first else None,
        )
    picked = name if name in names else names[-1]
    module = _made(reader, picked, script.found[picked])
    return Choice(picked, tuple(names), tuple(_notes(script, module)), module)


KERAS = {"Conv2D", "Dense", "MaxPooling2D", "keras", "tensorflow"}


def _refuse_what_is_no_network(reader: Statements, tree: ast.Module) -> None:
    """Raises CodeRefused for what is often pasted in place of a network."""
    _refuse_keras(tree)
    made = [value.what for value in reader.top.names.values() if isinstance(value, Opaque)]
    model = next((what for what in made if what.startswith("torchvision.models.")), None)
    if model is not None:
        raise CodeRefused(
            f"The code of `{clipped(model)}` isn't in what was pasted.",
            fix="Choose it among the torchvision models, or paste the code of its classes.",
        )
    forward = reader.top.names.get("forward")
    if isinstance(forward, Function):
        raise CodeRefused(
            "forward stands here without its class.",
            fix="Paste the class from its first line, class ...(nn.Module):, on.",
            line=forward.line,
        )


def _refuse_keras(tree: ast.Module) -> None:
    words = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(tree)}
    if words & KERAS:
        raise CodeRefused(
            "This is Keras code, and PyTorch is read here.",
            fix="Write Conv2D(32, (3, 3)) as nn.Conv2d(channels, 32, 3), and Dense(10) as "
            "nn.Linear(features, 10).",
        )


def _read(reader: Statements, statements: Iterable[ast.stmt], script: _Script) -> None:
    """Follows what can be followed; of the rest, only what should have made a network counts."""
    for statement in statements:
        try:
            with reader.place.at_most(STEPS_A_STATEMENT):
                inside = _opened(reader, statement)
                if inside is None:
                    _keep(reader, statement, script)
        except CodeRefused as refused:
            if reader.place.steps_left < 0:
                raise
            refused.line = refused.line or statement.lineno
            script.first = script.first or refused
            script.skipped.append((statement.lineno, statement.end_lineno or statement.lineno))
            if _forget(reader, statement, script) or _makes_network(reader, statement):
                script.broken = script.broken or refused
            continue
        if inside is not None:
            _read(reader, inside, script)


def _forget(reader: Statements, statement: ast.stmt, script: _Script) -> bool:
    """Takes what `statement`, left out halfway, sets or adds to for unknown; whether layers are among it."""
    names, lost = reader.top.names, False
    for name in _bound_names(statement):
        names.setdefault(name, Opaque(name))
    for node in ast.walk(statement):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=method) if method in ADDING:
                value = names.get(name)
                items = value if isinstance(value, list) else [value]
                lost = lost or any(isinstance(item, Module) for item in items)
                if isinstance(value, list | dict | Module):
                    names[name] = Opaque(f"{name}, after line {statement.lineno} that can't be followed")
                    script.found.pop(name, None)
    return lost


def _opened(reader: Statements, statement: ast.stmt) -> list[ast.stmt] | None:
    """The statements in a block at the top of the code, such as `if __name__ == "__main__":`."""
    match statement:
        case ast.If():
            return reader.branch(statement, reader.top)
        case ast.With() | ast.Try():
            return statement.body
    return None


def _keep(reader: Statements, statement: ast.stmt, script: _Script) -> None:
    if isinstance(statement, ast.Expr):
        value = reader.evaluate(statement.value, reader.top)
        if isinstance(value, tuple | list) and any(isinstance(item, Module) for item in value):
            raise CodeRefused("These layers aren't held together.", fix="Put nn.Sequential(...) around them.")
        if isinstance(value, Module) and value not in script.found.values():
            script.found.pop(value.kind, None)
            script.found[value.kind] = value
            script.broken = None
        return
    reader.follow(statement, reader.top)
    for name in _bound_names(statement):
        value = reader.top.names.get(name)
        script.found.pop(name, None)
        if isinstance(value, Module | Function) or (isinstance(value, PastedClass) and value.is_module):
            script.found[name] = value
            if isinstance(value, Module):
                script.broken = None


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            return
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def _makes_network(reader: Statements, statement: ast.stmt) -> bool:
    """Whether `statement` should have made a network: its outermost call is of a layer or a pasted class."""
    if isinstance(statement, ast.ClassDef):
        return any("Module" in ast.unparse(base) for base in statement.bases)
    if not isinstance(statement, ast.Assign | ast.Expr | ast.AnnAssign):
        return False
    value = statement.value
    if isinstance(value, ast.Tuple | ast.List) and value.elts:
        value = value.elts[0]
    while isinstance(value, ast.Call):
        match value.func:
            case ast.Attribute(value=ast.Call() as inner):
                value = inner
            case ast.Attribute(attr=name):
                return name.lower() in _LOWERED
            case ast.Name(id=name):
                made = reader.top.names.get(name)
                return name in CONTAINERS or (isinstance(made, PastedClass) and made.is_module)
            case _:
                return False
    return False


def _candidates(found: dict[str, Value], tree: ast.Module) -> list[str]:
    """Names of what can be the network: modules, or else functions that make one, or else classes."""
    modules = {name: value for name, value in found.items() if isinstance(value, Module)}
    parts = [part for whole in modules.values() for name, part in named_modules(whole) if name]
    inner = {id(part) for part in parts}
    used = _used_names(tree, [value for value in found.values() if isinstance(value, Function)])
    made = {module.cls.name for module in (*modules.values(), *parts) if module.cls is not None}
    names = []
    for name, value in found.items():
        match value:
            case Module() if id(value) not in inner:
                names.append(name)
            case PastedClass() if name not in used and name not in made:
                names.append(name)
            case Function() if name not in used and not modules and _makes_by_itself(value):
                names.append(name)
    return names


def _used_names(tree: ast.Module, functions: Iterable[Function]) -> set[str]:
    """Names that the code's classes, and those of its functions that make a network, use beside their own."""
    making = {function.name for function in functions if _makes_by_itself(function)}
    used = set()
    for statement in tree.body:
        makes = isinstance(statement, ast.FunctionDef) and statement.name in making
        if makes or isinstance(statement, ast.ClassDef):
            own = getattr(statement, "name", "")
            used |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id != own}
    return used


def _makes_by_itself(function: Function) -> bool:
    """Whether it may make a network by itself: it needs no argument, and gives back what a call makes."""
    positional = len(function.arguments.posonlyargs) + len(function.arguments.args)
    if positional > len(function.defaults) or isinstance(function.body, ast.expr):
        return False
    last = function.body[-1]
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Call | ast.Name)


def _made(reader: Statements, name: str, value: Value) -> Module:
    if isinstance(value, Module):
        return value
    try:
        made = reader.call(value, [], {})
    except MissingValue as missing:
        call = f"model = {clipped(name)}({', '.join(f'{word}=...' for word in missing.names)})"
        raise CodeRefused(
            missing.problem,
            fix=f"Add a line that makes the network: {call}.",
            line=missing.line or value.line,
        ) from None
    if isinstance(made, Module):
        return made
    raise CodeRefused(
        f"{clipped(name)} doesn't give back a network.",
        fix="Add a line that makes the network.",
        line=value.line,
    )


def _notes(script: _Script, module: Module) -> Iterator[str]:
    if script.skipped:
        yield f"Left out, as not part of the network: {_lines(script.skipped)}."
    for holder, name in modules_beside(module):
        yield (
            f"{holder}.{name} is a plain list or dict: PyTorch doesn't find the layers in it, and wouldn't "
            "train them. Use nn.ModuleList or nn.ModuleDict."
        )


def _lines(parts: list[tuple[int, int]]) -> str:
    """[(3, 3), (4, 6), (9, 9)] as "lines 3 to 6, line 9"."""
    joined: list[tuple[int, int]] = []
    for first, last in parts:
        if joined and first <= joined[-1][1] + 2:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return ", ".join(
        f"line {first}" if first == last else f"lines {first} to {last}" for first, last in joined
    )
