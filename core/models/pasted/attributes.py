"""What stands after a dot: members of modules and classes, methods of tensors, lists and texts."""

from core.errors import CodeRefused
from core.models.pasted.module_methods import initialise, module_method
from core.models.pasted.operations import tensor_attribute
from core.models.pasted.place import clipped
from core.models.pasted.python_names import dict_method, list_method, text_method
from core.models.pasted.values import (
    Bound,
    Function,
    Library,
    Module,
    Native,
    Opaque,
    PastedClass,
    Super,
    Tensor,
    Value,
    described,
)

PAIRS = {"kernel_size": "kernel", "stride": "stride", "padding": "padding", "dilation": "dilation"}


def attribute(holder: Value, name: str) -> Value:
    """holder.name.

    Raises:
        CodeRefused: it has no such member, or none that can be followed.
    """
    if name.startswith("__") and name not in ("__init__", "__class__", "__name__"):
        raise CodeRefused(
            f"`{clipped(name)}` can't be followed.", fix="Leave out what is there for Python's inside."
        )
    found: Value = None
    match holder:
        case Library():
            return Library(f"{holder.name}.{name}")
        case Opaque():
            return Opaque(f"{holder.what}.{name}")
        case Tensor():
            return tensor_attribute(holder, name)
        case Module():
            return _of_module(holder, name)
        case Super():
            return _of_super(holder, name)
        case PastedClass():
            found = holder.name if name == "__name__" else holder.member(name)
            if isinstance(found, Function) and found.kind == "classmethod":
                found = Bound(found, holder)
        case list():
            found = list_method(holder, name)
        case dict():
            found = dict_method(holder, name)
        case str():
            found = text_method(holder, name)
    if found is None:
        raise CodeRefused(
            f"`.{clipped(name)}` can't be followed.",
            found=f"{described(holder)}",
            fix="Use layers, shapes, numbers and lists; leave the rest out.",
        )
    return found


def _of_module(module: Module, name: str) -> Value:
    if name in module.attributes:
        return module.attributes[name]
    if name == "__class__":
        return module.cls or Opaque(f"the class {module.kind}")
    if module.cls is not None:
        lineage = list(module.cls.lineage())
        for cls in lineage:
            if name in cls.members:
                return bound(cls.members[name], module)
    if name in PAIRS and module.kind.startswith("Conv"):
        return getattr(module.record, PAIRS[name])
    if name in module.options and name != "bias":
        return module.options[name]
    found = module_method(module, name)
    if found is None:
        start = _misspelt_start(module)
        if start:
            raise CodeRefused(
                f"`{clipped(start.name)}` is never called: it isn't the name of __init__.",
                fix="Write __init__ with two underscores before and after it.",
                line=start.line,
            )
        raise CodeRefused(
            f"The {clipped(module.kind)} has no `{clipped(name)}`.",
            found=f"its names are {clipped(', '.join(module.attributes)) or 'none'}",
            fix="Use a name that __init__ sets, spelled the same.",
        )
    return found.value


def _misspelt_start(module: Module) -> Function | None:
    """What should have been the module's __init__."""
    members = module.cls.members if module.cls else {}
    names = [name for name in members if name.strip("_") in ("init", "int") and name != "__init__"]
    found = members[names[0]] if names and "__init__" not in members else None
    return found if isinstance(found, Function) else None


def bound(member: Value, module: Module) -> Value:
    """A class's member as its object gives it."""
    if not isinstance(member, Function) or member.kind == "staticmethod":
        return member
    return Bound(member, module.cls if member.kind == "classmethod" else module)


def _of_super(holder: Super, name: str) -> Value:
    lineage = list(holder.owner.lineage())[1:]
    for cls in lineage:
        if name in cls.members:
            return bound(cls.members[name], holder.receiver)
    if name == "__init__":
        return Native("__init__", lambda *layers, **_: initialise(holder.receiver, layers))
    found = module_method(holder.receiver, name)
    if found is None:
        raise CodeRefused(f"super() has no `{clipped(name)}`.", fix="Use a name of the class above.")
    return found.value
