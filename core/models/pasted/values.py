"""What a pasted expression can be worth to the reader; none of it is the user's code running."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import CodeRefused
from core.layers.layer import Layer
from core.layers.receptive import Reach
from core.layers.shapes import Shape
from core.models.pasted.place import bounded_number, clipped

Value = Any  # None, bool, int, float, str, list, tuple, dict, range, or one of the classes below


class _Batch:
    """The number of pictures that go through together: `x.size(0)`, which can be any."""

    def __repr__(self) -> str:
        return "the batch size"


BATCH = _Batch()


@dataclass(frozen=True)
class Library:
    """A name of torch or of another package, such as torch.nn.Conv2d; nothing of it is ever loaded."""

    name: str

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Opaque:
    """A value that the reader doesn't know, such as an optimizer; harmless until a layer depends on it."""

    what: str


@dataclass(frozen=True)
class Native:
    """A function that the reader knows by itself: a method of a list, of a module, of a tensor."""

    name: str
    call: Callable[..., Value]


@dataclass
class Scope:
    names: dict[str, Value] = field(default_factory=dict)
    parent: "Scope | None" = None
    owner: "PastedClass | None" = None  # of the method that runs in it
    receiver: Value = None  # its self

    def find(self, name: str) -> "Scope | None":
        """The innermost scope that has `name`."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope


@dataclass(eq=False)
class Function:
    name: str
    arguments: ast.arguments
    body: list[ast.stmt] | ast.expr
    defaults: tuple[Value, ...]
    keyword_defaults: dict[str, Value]
    scope: Scope
    line: int
    owner: "PastedClass | None" = None
    kind: str = "method"  # or "staticmethod", "classmethod", "property" where a decorator says so

    def __deepcopy__(self, memo: dict[int, Any]) -> "Function":
        """With the names around it, which its code may change; the code itself stays as it is."""
        copy = memo[id(self)] = replace(self)
        copy.defaults = deepcopy(self.defaults, memo)
        copy.keyword_defaults = deepcopy(self.keyword_defaults, memo)
        copy.scope, copy.owner = deepcopy(self.scope, memo), deepcopy(self.owner, memo)
        return copy


@dataclass(frozen=True)
class Bound:
    """A method with the object that it is called on."""

    function: Function
    receiver: Value


@dataclass(frozen=True)
class Partial:
    """functools.partial."""

    function: Value
    positional: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]


@dataclass(eq=False)
class PastedClass:
    name: str
    base: "PastedClass | Library | None"
    members: dict[str, Value]
    line: int

    def lineage(self) -> Iterator["PastedClass"]:
        """The class and its pasted bases, itself first."""
        found: PastedClass | Library | None = self
        while isinstance(found, PastedClass):
            yield found
            found = found.base

    @property
    def root(self) -> Library | None:
        """What the lineage comes from, such as torch.nn.Module."""
        *_, eldest = self.lineage()
        return eldest.base if isinstance(eldest.base, Library) else None

    @property
    def is_module(self) -> bool:
        """Whether it comes from nn.Module."""
        return self.root is not None and self.root.name != "builtins.object"

    def member(self, name: str) -> Value:
        """The member, or None where the lineage has none of this name."""
        return next((c.members[name] for c in self.lineage() if name in c.members), None)


@dataclass(frozen=True)
class Super:
    """super(): looks members up after `owner`, for `receiver`."""

    owner: PastedClass
    receiver: "Module"


@dataclass(eq=False)
class Module:
    """An nn.Module: a layer of torch.nn (with its `record`), a container, or an object of a pasted class."""

    kind: str  # its class: "Conv2d", "Sequential", "ResNet"
    line: int  # where it is made
    record: Layer | None = None
    make: Callable[[Shape], Layer] | None = None  # a lazy layer's record, from the shape that reaches it
    options: dict[str, Value] = field(default_factory=dict)  # the arguments that a layer was made with
    cls: PastedClass | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    ready: bool = True  # Module.__init__ has run

    def __deepcopy__(self, memo: dict[int, Any]) -> "Module":
        """Containers and pasted objects anew; layers, which nothing changes, as they are."""
        if self.record is not None or self.make is not None:
            return self
        copy = memo[id(self)] = replace(self)
        copy.cls = deepcopy(self.cls, memo)
        copy.attributes = {name: deepcopy(value, memo) for name, value in self.attributes.items()}
        return copy

    @property
    def children(self) -> dict[str, "Module"]:
        return {name: value for name, value in self.attributes.items() if isinstance(value, Module)}

    @property
    def container(self) -> str | None:
        """ "Sequential", "ModuleList" or "ModuleDict", also of a class made from one."""
        root = self.cls.root.last if self.cls and self.cls.root else self.kind
        return root if root in CONTAINERS else None


CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")


@dataclass(frozen=True)
class DefaultForward:
    """What a module does when its class has no forward of its own."""

    module: Module


@dataclass(frozen=True)
class Tensor:
    """What goes through the network: `shape` is without the batch."""

    shape: Shape
    source: int  # the row of the walk that puts it out; -1 is the picture
    reach: Reach | None
    trace: Any = field(repr=False, compare=False)  # the Trace that it belongs to


def named_modules(root: Module, name: str = "") -> Iterator[tuple[str, Module]]:
    """All modules from `root` on with their dotted names, each once, in the order of PyTorch."""
    seen: set[int] = set()
    waiting = [(name, root)]
    while waiting:
        path, module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield path, module
        children = [(f"{path}.{key}" if path else key, child) for key, child in module.children.items()]
        waiting += reversed(children)


def modules_beside(root: Module) -> Iterator[tuple[str, str]]:
    """Attributes of `root` and of its modules that hold modules where PyTorch doesn't find them.

    Each with the name of the module that has it ("self" for the root).
    """
    modules = list(named_modules(root))
    known = {id(module) for _, module in modules}
    for path, module in modules:
        for name, value in module.attributes.items():
            held = value.values() if isinstance(value, dict) else value
            if isinstance(value, list | tuple | dict) and any(
                isinstance(item, Module) and id(item) not in known for item in held
            ):
                yield f"self.{path}" if path else "self", name


def integer(value: Value, what: str) -> int:
    """`value` as the whole number that `what` has to be.

    Raises:
        CodeRefused: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise CodeRefused(
            f"{what} has to be a whole number that can be read from the code.",
            found=described(value),
            fix="Write the number itself, or compute it from numbers in the code.",
        )
    return int(bounded_number(value))


def described(value: Value) -> str:
    """`value` in a few words, for a message."""
    match value:
        case None | bool() | int() | float():
            return clipped(str(value))
        case str():
            return clipped(repr(value[:80]))
        case Library():
            return clipped(value.name)
        case Opaque():
            return f"{clipped(value.what)}, which isn't known here"
        case Module():
            return f"a module, {clipped(value.kind)}"
        case Tensor():
            return f"a tensor of (B, {', '.join(map(str, value.shape))})"
        case PastedClass():
            return f"the class {clipped(value.name)}"
        case _Batch():
            return "the batch size, which can be any number"
        case list() | tuple() | dict() | range():
            return f"a {type(value).__name__} of {len(value)}"
        case _:
            return "a function"
