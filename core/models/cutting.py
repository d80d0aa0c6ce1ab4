"""A network in two parts: a prefix that stays as it is, and a suffix that trains, with one tensor between.

The network is traced with torch.fx. It can be cut wherever a single tensor holds all that is still needed; it
is cut between its blocks, where that tensor is smallest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import fx, nn
from torch.func import functional_call
from torchvision.ops import StochasticDepth

from core.errors import ConfigError
from core.layers.shapes import Shape

NEARLY_ALL = 0.8  # of the weighted layers: a module that holds so many is taken apart into its blocks
_LAST = -1


@dataclass(frozen=True)
class Block:
    """Layers that train together. `parameters` and `modules` are names as in the network that was cut.

    `receives` is the shape of one picture's tensor before the block, `position` the node before it.
    """

    name: str
    parameters: tuple[str, ...]
    modules: tuple[str, ...]
    receives: Shape
    position: int


@dataclass(frozen=True)
class Cuttable:
    """A traced network, its blocks in the order of computation, the head last."""

    traced: fx.GraphModule
    blocks: tuple[Block, ...]


def cuttable(model: nn.Module, shape: tuple[int, int, int], head: str) -> Cuttable:
    """`model` in eval mode, traced with pictures of `shape` (C, H, W); `head` is the name of its head.

    Raises:
        ConfigError: torch.fx can't follow it, or its head is never reached.
    """
    try:
        traced = _traced(model)
        shapes = _shapes(traced, shape)
    except Exception as failure:
        raise _not_cuttable(f"{type(failure).__name__}: {failure}"[:200]) from failure
    nodes = list(traced.graph.nodes)
    weighed = _weighed(nodes, traced)
    units = _units(weighed, traced, head)
    if not units or units[_LAST].name != head:
        raise _not_cuttable(f"no way from the picture to {head}")
    return Cuttable(traced, _blocks(nodes, traced, units, shapes))


def cut(network: Cuttable, trained: int) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The prefix, and the suffix with the last `trained` blocks, the head counted as one.

    `suffix(prefix(x))` is what the network computes, in eval mode to the bit. Both share its modules and
    parameters, under the same names, and are in the modes that those are in.
    """
    block = network.blocks[len(network.blocks) - trained]
    nodes = list(network.traced.graph.nodes)
    before, after = nodes[: block.position + 1], nodes[block.position + 1 :]
    between = _between(_alive(nodes), block.position)
    prefix, suffix = fx.Graph(), fx.Graph()
    known: dict[fx.Node, fx.Node] = {}
    for node in before:
        known[node] = prefix.node_copy(node, known.__getitem__)
    prefix.output(known[between])
    known = {between: suffix.placeholder("x")}
    for node in after:
        known[node] = suffix.node_copy(node, known.__getitem__)
    return fx.GraphModule(network.traced, prefix, "Prefix"), fx.GraphModule(network.traced, suffix, "Suffix")


class _Tracer(fx.Tracer):
    """Goes into every module but torch's own, and the one of torchvision that acts by its mode."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return super().is_leaf_module(m, module_qualified_name) or isinstance(m, StochasticDepth)


class _Shapes(fx.Interpreter):
    """Runs a graph on the meta device and keeps the shape of each tensor, without the batch."""

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__(traced)
        self.found: dict[fx.Node, Shape] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, torch.Tensor) and value.dim() > 1:
            self.found[n] = tuple(value.shape[1:])
        return value


class _Interpreted(nn.Module):
    """A traced network that is run node by node."""

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__()
        self.traced, self.shapes = traced, _Shapes(traced)

    def forward(self, x: torch.Tensor) -> Any:
        return self.shapes.run(x)


@dataclass
class _Unit:
    """Weighed nodes that belong together: positions of the first and the last one."""

    name: str
    first: int
    last: int
    is_heavy: bool


def _traced(model: nn.Module) -> fx.GraphModule:
    tracer = _Tracer()
    was_training = model.training
    try:  # forward methods ask for the mode, and the graph keeps their answers
        return fx.GraphModule(model, tracer.trace(model.eval()))
    finally:
        model.train(was_training)


def _shapes(traced: fx.GraphModule, shape: tuple[int, int, int]) -> dict[fx.Node, Shape]:
    """With meta tensors in place of the parameters for that long: a copy might not fit into the memory."""
    interpreted = _Interpreted(traced)
    state = {name: value.to("meta") for name, value in interpreted.state_dict().items()}
    was_training = traced.training
    try:
        with torch.no_grad():
            pictures = torch.zeros(2, *shape, device="meta")
            functional_call(interpreted.eval(), state, (pictures,))
    finally:
        traced.train(was_training)
    return interpreted.shapes.found


def _alive(nodes: Sequence[fx.Node]) -> list[fx.Node | None]:
    """After each node, the only one that later ones still need; None where there are several."""
    place = {node: index for index, node in enumerate(nodes)}
    last_use = {node: max((place[user] for user in node.users), default=place[node]) for node in nodes}
    found: list[fx.Node | None] = []
    alive: set[fx.Node] = set()
    for index, node in enumerate(nodes):
        alive = {each for each in (*alive, node) if last_use[each] > index}
        found.append(next(iter(alive)) if len(alive) == 1 else None)
    return found


def _tensors(node: fx.Node, traced: fx.GraphModule) -> dict[str, nn.Parameter]:
    """The parameters that `node` uses, by name."""
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        return {f"{node.target}.{name}": tensor for name, tensor in module.named_parameters()}
    if node.op == "get_attr":
        outer, _, name = str(node.target).rpartition(".")
        value = getattr(traced.get_submodule(outer), name)
        return {str(node.target): value} if isinstance(value, nn.Parameter) else {}
    return {}


def _weighed(nodes: Sequence[fx.Node], traced: fx.GraphModule) -> dict[int, bool]:
    """Positions of nodes with parameters; True for a matrix or kernels, False for scales, offsets, tokens."""
    found = {index: _tensors(node, traced) for index, node in enumerate(nodes)}
    return {
        index: any(name.endswith("weight") and tensor.dim() > 1 for name, tensor in tensors.items())
        for index, tensors in found.items()
        if tensors
    }


def _units(weighed: dict[int, bool], traced: fx.GraphModule, head: str) -> list[_Unit]:
    """The modules between which it may be cut, as they follow each other; the head is the last."""
    nodes = list(traced.graph.nodes)
    heavy = [str(nodes[index].target) for index, is_heavy in weighed.items() if is_heavy]
    units: list[_Unit] = []
    for index, is_heavy in weighed.items():
        path = str(nodes[index].target)
        name = head if _is_within(path, head) else _unit_of(path, heavy, traced)
        if units and units[_LAST].name == name:
            units[_LAST].last = index
            units[_LAST].is_heavy |= is_heavy
        else:
            units.append(_Unit(name, index, index, is_heavy))
    return units


def _unit_of(path: str, heavy: Sequence[str], traced: fx.GraphModule) -> str:
    """The outermost module around `path` that needn't be taken apart."""
    parts = path.split(".")
    for depth in range(1, len(parts)):
        name = ".".join(parts[:depth])
        inside = [other for other in heavy if _is_within(other, name)]
        is_flat = len(inside) > 1 and all(other.count(".") == depth for other in inside)
        if len(inside) <= NEARLY_ALL * len(heavy) and not (is_flat and _is_chain(traced, name)):
            return name
    return path


def _is_chain(traced: fx.GraphModule, name: str) -> bool:
    """Whether its parts are numbered, as those of an nn.Sequential: they run one after the other."""
    return all(child.isdecimal() for child, _ in traced.get_submodule(name).named_children())


def _is_within(path: str, module: str) -> bool:
    return path == module or path.startswith(f"{module}.")


def _blocks(
    nodes: Sequence[fx.Node], traced: fx.GraphModule, units: Sequence[_Unit], shapes: dict[fx.Node, Shape]
) -> tuple[Block, ...]:
    """Units from one place to cut at to the next; those without such a place, or with nothing but scales,
    join the one before them."""
    alive = _alive(nodes)
    starts: list[tuple[str, int]] = []  # name, and the position of the node before
    previous = 0
    for unit in units:
        place = 0 if not starts else _best_place(previous, unit.first, nodes, alive, shapes, traced)
        if place is not None and (unit.is_heavy or not starts):
            starts.append((unit.name, place))
        elif unit is units[_LAST]:
            raise _not_cuttable("no place to cut before its head")
        previous = unit.last
    ends = [place for _, place in starts[1:]] + [len(nodes) - 1]
    return tuple(
        _block(name, nodes[place + 1 : end + 1], traced, shapes[_between(alive, place)], place)
        for (name, place), end in zip(starts, ends, strict=True)
    )


def _block(
    name: str, nodes: Sequence[fx.Node], traced: fx.GraphModule, receives: Shape, position: int
) -> Block:
    parameters = dict.fromkeys(name for node in nodes for name in _tensors(node, traced))
    modules = dict.fromkeys(str(node.target) for node in nodes if node.op == "call_module")
    return Block(name, tuple(parameters), tuple(modules), receives, position)


def _best_place(
    first: int,
    last: int,
    nodes: Sequence[fx.Node],
    alive: Sequence[fx.Node | None],
    shapes: dict[fx.Node, Shape],
    traced: fx.GraphModule,
) -> int | None:
    """The position from `first` to before `last` with the smallest tensor; dropout goes with what follows it,
    where it can, for it acts in training."""
    places = [index for index in range(first, last) if alive[index] in shapes]
    undropped = [index for index in places if not any(map(_drops(traced), nodes[first + 1 : index + 1]))]
    return min(undropped or places, key=lambda i: (prod(shapes[_between(alive, i)]), -i), default=None)


def _drops(traced: fx.GraphModule) -> Callable[[fx.Node], bool]:
    def is_dropout(node: fx.Node) -> bool:
        return node.op == "call_module" and isinstance(traced.get_submodule(str(node.target)), nn.Dropout)

    return is_dropout


def _between(alive: Sequence[fx.Node | None], position: int) -> fx.Node:
    node = alive[position]
    assert node is not None, "no single tensor at this place"
    return node


def _not_cuttable(found: str) -> ConfigError:
    return ConfigError(
        "This network can't be cut into a frozen part and one that trains.",
        expected="a network that torch.fx can follow from the picture to its head",
        found=found,
        fix="Choose another backbone.",
    )
