"""What a call gives: a layer of torch.nn, an object of a pasted class, a tensor after a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from core.errors import CodeRefused
from core.models.pasted.attributes import attribute, bound
from core.models.pasted.module_methods import fill
from core.models.pasted.natives import call_native, signature_of
from core.models.pasted.nn_layers import LAYERS
from core.models.pasted.operations import FUNCTIONAL, TORCH
from core.models.pasted.place import clipped
from core.models.pasted.python_names import BUILTINS, LIBRARY_FUNCTIONS
from core.models.pasted.trace import holds_tensor, tensor_of, tensors_in
from core.models.pasted.values import (
    CONTAINERS,
    Function,
    Library,
    Module,
    Opaque,
    Partial,
    PastedClass,
    Super,
    Tensor,
    Value,
    described,
)

if TYPE_CHECKING:
    from core.models.pasted.statements import Statements

PASSED_THROUGH = (
    *("torch.compile", "torch.jit.script", "torch.nn.DataParallel", "torch.nn.utils.spectral_norm"),
    *("torch.nn.utils.parametrizations.spectral_norm", "torch.nn.parallel.DistributedDataParallel"),
)
OPERATIONS = {
    "torch": TORCH,
    "torch.nn.functional": FUNCTIONAL,
    "torchvision.transforms.functional": {"resize": FUNCTIONAL["interpolate"]},
}


def call_library(
    reader: Statements, function: Library | Opaque, positional: list[Value], named: dict[str, Value]
) -> Value:
    """A name of torch, of Python or of another package, called."""
    if isinstance(function, Opaque):
        _refuse_tensors(function.what, (*positional, *named.values()))
        return Opaque(function.what)
    name = _canonical(function.name)
    space, _, last = name.rpartition(".")
    if space == "builtins":
        return _special(reader, last, positional, named)
    if name == "functools.partial" and positional:
        return Partial(positional[0], tuple(positional[1:]), tuple(named.items()))
    if name in PASSED_THROUGH and positional:
        return positional[0]
    if name in LIBRARY_FUNCTIONS:
        return call_native(last, LIBRARY_FUNCTIONS[name], positional, named)
    if name == "torch.nn.Module.__init__" and positional and isinstance(positional[0], Module):
        return call_native(
            "__init__", attribute(Super(_class(positional[0]), positional[0]), "__init__").call, [], {}
        )
    if space == "torch.nn":
        return _layer(reader, last, positional, named)
    table = OPERATIONS.get(space, {})
    if last in table and any(holds_tensor(value) for value in (*positional, *named.values())):
        return call_native(last, table[last], *_with_input_first(positional, named))
    _refuse_tensors(name, (*positional, *named.values()))
    return Opaque(name)


def _class(module: Module) -> PastedClass:
    if module.cls is None:
        raise CodeRefused(
            "nn.Module.__init__ belongs in a class's __init__.", fix="Write super().__init__()."
        )
    return list(module.cls.lineage())[-1]


def _with_input_first(
    positional: list[Value], named: dict[str, Value]
) -> tuple[list[Value], dict[str, Value]]:
    for name in ("input", "tensors"):
        if name in named and not positional:
            return [named[name]], {key: value for key, value in named.items() if key != name}
    return positional, named


def _canonical(name: str) -> str:
    for long, short in (("torch.nn.modules.", "torch.nn."), ("torch.nn.parameter.", "torch.nn.")):
        if name.startswith(long):
            return short + name.rpartition(".")[2]
    return name


def _layer(reader: Statements, kind: str, positional: list[Value], named: dict[str, Value]) -> Value:
    line = reader.place.line or 0
    if kind in CONTAINERS:
        module = Module(kind, line)
        fill(module, [*positional, *([named] if named else [])])
        return module
    if kind in LAYERS:
        _refuse_tensor_settings(kind, (*positional, *named.values()))
        call = LAYERS[kind]
        made = call_native(f"nn.{kind}", call, positional, named)
        options = dict(signature_of(call).bind(*positional, **named).arguments)
        if callable(made):
            return Module(kind, line, make=made, options=options)
        return Module(kind, line, record=made, options=options)
    if kind.endswith("Loss"):
        return Opaque(f"nn.{kind}")
    if kind == "Parameter":
        raise CodeRefused(
            "A parameter made by hand, nn.Parameter, can't be followed.",
            fix="Use a layer of torch.nn for it.",
        )
    raise CodeRefused(
        f"`nn.{clipped(kind)}` isn't a layer that can be read here.",
        expected="convolutions, pooling, Linear, normalization, activations, dropout and containers",
        fix=f"Write nn.{meant}."
        if (meant := _meant(kind))
        else "Leave it out, or replace it by one of these.",
    )


def _meant(kind: str) -> str | None:
    """The layer or container whose name is `kind` but for capitals."""
    return next((name for name in (*LAYERS, *CONTAINERS) if name.lower() == kind.lower()), None)


def _refuse_tensor_settings(kind: str, values: Iterable[Value]) -> None:
    if any(holds_tensor(value) for value in values):
        raise CodeRefused(
            f"nn.{kind}(...) makes a layer: its brackets take settings, and no tensor.",
            fix=f"Make it in __init__, self.layer = nn.{kind}(...), and call self.layer(x) here.",
        )


def make_object(
    reader: Statements, cls: PastedClass, positional: list[Value], named: dict[str, Value]
) -> Module:
    """cls(...), of a pasted class."""
    if not cls.is_module:
        raise CodeRefused(
            f"{clipped(cls.name)} isn't made from nn.Module.",
            fix=f"Write class {clipped(cls.name)}(nn.Module):.",
        )
    line = reader.place.line or cls.line
    start = cls.member("__init__")
    module = Module(cls.name, line, cls=cls, ready=start is None)
    if isinstance(start, Function):
        reader.call(bound(start, module), positional, named)
    elif module.container:
        fill(module, positional)
    elif positional or named:
        raise CodeRefused(f"{clipped(cls.name)} takes no arguments.", fix=f"Write {clipped(cls.name)}().")
    module.ready = True
    return module


def run_module(reader: Statements, module: Module, positional: list[Value], named: dict[str, Value]) -> Value:
    """module(x)."""
    if not any(holds_tensor(value) for value in (*positional, *named.values())):
        return Opaque(f"what {module.kind} gives")
    forward = module.cls.member("forward") if module.cls else None
    if isinstance(forward, Function):
        trace = next(tensor.trace for value in (*positional, *named.values()) for tensor in tensors_in(value))
        trace.enter(module)
        try:
            return reader.call(bound(forward, module), positional, named)
        finally:
            trace.leave()
    return run_default(module, positional, named, reader.call)


def run_default(
    module: Module,
    positional: list[Value],
    named: dict[str, Value],
    call: Callable[[Value, list[Value], dict[str, Value]], Value],
) -> Value:
    """What a module without a pasted forward does: its layers one after another, or its own arithmetic."""
    values = [*positional, *(named[name] for name in ("input", "x") if name in named)]
    if len(values) != 1 or len(positional) + len(named) != 1:
        found = str(len(positional) + len(named))
        raise CodeRefused(f"{clipped(module.kind)} takes one tensor.", found=found, fix="Pass x only.")
    (value,) = values
    if module.container == "Sequential":
        for layer in module.children.values():
            value = call(layer, [value], {})
        return value
    tensor = tensor_of(value)
    if module.record is None and module.make is None:
        kind = clipped(module.kind)
        raise CodeRefused(
            f"{kind} has no forward.",
            fix="Write def forward(self, x), or call the layers in it.",
            line=module.cls.line if module.cls else None,
        )
    return tensor.trace.layer(module, tensor)


def _refuse_tensors(name: str, values: Iterable[Value]) -> None:
    if any(holds_tensor(value) for value in values):
        if name.startswith("torchvision.models."):
            raise CodeRefused(
                f"`{clipped(name)}` isn't in the pasted code.",
                fix="Choose it among the torchvision models, or paste the code of its classes.",
            )
        raise CodeRefused(
            f"`{clipped(name)}` of a tensor can't be followed.",
            fix="Use layers of torch.nn, functions such as F.relu, torch.flatten and torch.cat, or x.view.",
        )


def _special(reader: Statements, name: str, positional: list[Value], named: dict[str, Value]) -> Value:
    """isinstance, getattr and the like, which need more than the values themselves."""
    match name, positional:
        case "isinstance", [value, kinds]:
            return any(_is_of(value, kind) for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
        case "type", [value]:
            return (
                value.cls or Library(f"torch.nn.{value.kind}")
                if isinstance(value, Module)
                else _type_of(value)
            )
        case "getattr", [holder, str(key), *default]:
            try:
                return attribute(holder, key)
            except CodeRefused:
                if default:
                    return default[0]
                raise
        case "hasattr", [holder, str(key)]:
            return isinstance(holder, Module) and key in holder.attributes
        case "setattr", [Module() as holder, str(key), value]:
            return reader.set_attribute(holder, key, value)
        case "super", [PastedClass() as owner, Module() as receiver]:
            return Super(owner, receiver)
        case _ if name in BUILTINS:
            return call_native(name, BUILTINS[name], positional, named)
    raise CodeRefused(
        f"{clipped(name)} can't be followed here.",
        found=", ".join(described(value) for value in positional[:3]),
        fix="Write the result itself.",
    )


def _type_of(value: Value) -> Library:
    if isinstance(value, bool | int | float | str | list | tuple | dict):
        return Library(f"builtins.{type(value).__name__}")
    raise CodeRefused("The type of this isn't known.", found=described(value), fix="Write the result itself.")


def _is_of(value: Value, kind: Value) -> bool:
    if isinstance(value, Opaque) or isinstance(kind, Opaque):
        raise CodeRefused(
            "The type of this isn't known.", found=described(value), fix="Write the result itself."
        )
    if isinstance(kind, PastedClass):
        return isinstance(value, Module) and value.cls is not None and kind in value.cls.lineage()
    if isinstance(kind, Library):
        if kind.name.startswith("builtins."):
            plain = isinstance(value, bool | int | float | str | list | tuple | dict)
            return plain and (type(value).__name__ == kind.last or (kind.last == "int" and value is True))
        if isinstance(value, Tensor):
            return kind.last == "Tensor"
        return isinstance(value, Module) and (kind.last in ("Module", value.kind, value.container))
    raise CodeRefused("The type of this isn't known.", found=described(kind), fix="Write the result itself.")
