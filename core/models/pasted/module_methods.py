"""What every nn.Module can do by itself: hold layers, name them, be moved and be called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import CodeRefused
from core.models.pasted.operators import items_of
from core.models.pasted.place import bounded_size, clipped
from core.models.pasted.python_names import dict_key
from core.models.pasted.values import (
    DefaultForward,
    Module,
    Native,
    Opaque,
    Value,
    described,
    integer,
    named_modules,
)

RETURN_ITSELF = (
    *("to", "cpu", "cuda", "half", "float", "double", "bfloat16", "eval", "train", "apply"),
    *("requires_grad_", "compile"),
)
WITHOUT_EFFECT = (
    *("register_buffer", "load_state_dict", "zero_grad", "save_hyperparameters", "register_forward_hook"),
    *("parameters", "named_parameters", "state_dict", "buffers"),
)


@dataclass(frozen=True)
class Found:
    value: Value


def module_method(module: Module, name: str) -> Found | None:
    """The member `name` that modules have without any pasted class, or None."""
    methods: dict[str, Callable[..., Value]] = {
        "add_module": lambda key, layer: _add(module, key, layer),
        "register_module": lambda key, layer: _add(module, key, layer),
        "modules": lambda: [child for _, child in named_modules(module)],
        "named_modules": lambda: list(named_modules(module)),
        "children": lambda: list(module.children.values()),
        "named_children": lambda: list(module.children.items()),
        "append": lambda layer: _append(module, [layer]),
        "extend": lambda layers: _append(module, items_of(layers)),
        "insert": lambda place, layer: _insert(module, integer(place, "A place"), layer),
        "items": lambda: list(module.children.items()),
        "keys": lambda: list(module.children),
        "values": lambda: list(module.children.values()),
        "update": lambda layers: fill(module, [layers]),
    }
    if name == "_modules":
        return Found(dict(module.children))
    if name == "training":
        return Found(False)
    if name == "forward":
        return Found(DefaultForward(module))
    if name in ("weight", "bias"):
        return Found(Opaque(f"the {name}") if module.options.get("bias", True) or name == "weight" else None)
    if name in RETURN_ITSELF:
        return Found(Native(name, lambda *_, **__: module))
    if name in WITHOUT_EFFECT:
        return Found(Native(name, lambda *_, **__: Opaque(f"what {name} gives")))
    if name in methods and (module.container or name in CHILDREN_OF_ALL):
        return Found(Native(name, methods[name]))
    return None


CHILDREN_OF_ALL = ("add_module", "register_module", "modules", "named_modules", "children", "named_children")


def initialise(module: Module, layers: Sequence[Value]) -> None:
    """What super().__init__(*layers) does."""
    module.ready = True
    if module.container:
        fill(module, layers)


def fill(module: Module, layers: Sequence[Value]) -> None:
    """Puts the arguments of nn.Sequential, nn.ModuleList or nn.ModuleDict into it."""
    if module.container == "Sequential" and not (len(layers) == 1 and isinstance(layers[0], dict)):
        _append(module, layers)
        return
    if not layers:
        return
    (given,) = layers[:1]
    if isinstance(given, dict):
        for name, layer in given.items():
            _add(module, name, layer)
    elif module.container == "ModuleDict":
        for pair in items_of(given):
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise CodeRefused("nn.ModuleDict is made of names and layers.", fix='Write {"name": layer}.')
            _add(module, dict_key(pair[0]), pair[1])
    else:
        _append(module, items_of(given))


def _append(module: Module, layers: Sequence[Value]) -> Module:
    bounded_size(len(module.attributes) + len(layers), "container")
    for place, layer in enumerate(layers, start=len(module.children)):
        _add(module, str(place), layer)
    return module


def _insert(module: Module, place: int, layer: Value) -> None:
    layers = list(module.children.values())
    layers.insert(place, layer)
    module.attributes.clear()
    _append(module, layers)


def _add(module: Module, name: Value, layer: Value) -> None:
    if not isinstance(name, str) or not name or "." in name:
        raise CodeRefused("A layer's name is a text without dots.", found=described(name), fix="Rename it.")
    if layer is not None and not isinstance(layer, Module):
        words = f"{clipped(module.kind)} holds layers only."
        fix = "Put the layers themselves, made with (...), and write * before a list of them."
        raise CodeRefused(words, expected="a layer", found=described(layer), fix=fix)
    module.attributes[name] = layer
