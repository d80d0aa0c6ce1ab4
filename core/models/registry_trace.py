"""What a torch module computes, followed on the meta device: a row for each layer and each operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from core.layers.layer import Layer
from core.layers.linear import Linear
from core.layers.receptive import Reach, joined, reach_after
from core.layers.shapes import MapShape, Shape
from core.models.following import Call, Following
from core.models.registry_operations import (
    UNARY,
    layer_of,
    record_of_operation,
    tensors_in,
    words_of_operation,
)
from core.models.registry_records import changes_nothing, record_of, words_of
from core.models.walk import ONLY_IN_TRAINING, LayerRow

MIXES = ("Mean", "MultiheadAttention")  # every place with every other
MOVES = ("Einsum", "MatMul", "WindowPartition", "WindowDepartition")

# They keep every shape; to find that out takes PyTorch a millisecond each on the meta device.
NORMALIZATIONS = (torch.ops.aten.native_batch_norm.default, torch.ops.aten.native_layer_norm.default)


@dataclass(frozen=True)
class _Cost:
    """Of what doesn't depend on the picture: counted by the first row that uses it."""

    name: str = ""
    parameters: int = 0
    macs: int = 0


@dataclass(frozen=True)
class _Origin:
    """The rows that a tensor depends on first (-1 for the picture), and the costs that nobody has counted."""

    rows: tuple[int, ...] = ()
    owed: tuple[int, ...] = ()


class Trace(Following):
    """Follows one picture through `model`; `rows` is filled as far as the model runs.

    `beside` names modules that only training runs, each under the module after which it stands.
    MACs are those of PyTorch's own operations, by the formulas of `torch.utils.flop_counter`.
    """

    def __init__(self, model: nn.Module, beside: Mapping[str, str]) -> None:
        super().__init__()
        self.rows: list[LayerRow] = []
        self._model = model
        self._beside = beside
        self._macs = _MacCounter()  # type: ignore[no-untyped-call]
        self._costs = {id(p): _Cost(name, p.numel()) for name, p in model.named_parameters()}
        self._origins = {id(p): _Origin(owed=(id(p),)) for p in model.parameters()}
        self._alive: list[Tensor] = []  # while a tensor lives, no other has its id

    def run(self, input_shape: MapShape) -> None:
        """Follow a picture (1, C, H, W); what the model raises goes through, and `stopped_at` tells where."""
        picture = torch.empty(1, *input_shape, device="meta")
        self._remember([picture], _Origin((-1,)))
        with self._macs, self.through(self._model):
            self._model(picture)

    def stopped_at(self) -> LayerRow:
        """The row of what couldn't run."""
        call = self.running[-1]
        if call.is_layer:
            name, layer, record = call.name, type(call.module).__name__, record_of(call.module)
            words = words_of(call.module, record)
        else:
            layer, words, record = layer_of(self.operation), "", None
            name = _under(call.name, layer.lower())
        return LayerRow(
            name,
            _outer(name),
            None,
            layer,
            words,
            (),
            0,
            0,
            input=self._input_shape(call.args),
            record=record,
            sources=self._origin_of(call.args).rows,
        )

    def cost(self) -> int:
        return self._macs.total

    def after_layer(self, call: Call, args: tuple, kwargs: dict, output: Any) -> None:
        module, macs = call.module, self._macs.total - call.cost
        inputs = [args, kwargs, list(module.parameters())]
        origin = self._origin_of(inputs)
        if not origin.rows or changes_nothing(module):
            self._carry(output, origin, macs)
        else:
            record = record_of(module)
            layer, words = type(module).__name__, words_of(module, record)
            self._add(call.name, layer, words, inputs, output, origin, macs, record)

    def after_module(self, call: Call, output: Any) -> None:
        if call.name in self._beside:
            self._add_unused(self._beside[call.name])

    def after_operation(self, args: tuple, kwargs: dict, output: Any, cost: int) -> None:
        """Note an operation between the layers: a row of its own, or where its output comes from."""
        operation, macs, inputs = self.operation, cost, [args, kwargs]
        origin = self._origin_of(inputs)
        owed = [self._costs[key] for key in origin.owed if key in self._costs]
        joined = {
            self._origins[id(tensor)].rows for tensor in tensors_in(inputs) if id(tensor) in self._origins
        }
        if not origin.rows or not (owed or macs or operation in UNARY or len(joined - {()}) > 1):
            self._carry(output, origin, macs)
            return
        layer, learned = layer_of(operation), [cost.name for cost in owed if cost.name]
        path = self.running[-1].name
        record = record_of_operation(operation, args, kwargs)
        if operation == "linear" and learned:
            name, words = _outer(learned[0]), words_of(None, record)
        else:
            name, words = _under(path, layer.lower()), words_of_operation(layer, args, path, learned)
        self._add(name, layer, words, inputs, output, origin, macs, record)

    def _add(
        self,
        name: str,
        layer: str,
        words: str,
        inputs: Any,
        output: Any,
        origin: _Origin,
        macs: int,
        record: Layer | None,
    ) -> None:
        costs = [self._costs.pop(key) for key in origin.owed if key in self._costs]
        incoming, outgoing = self._input_shape(inputs), _shape(tensors_in(output)[0])
        before = joined(Reach() if row < 0 else self.rows[row].reach for row in origin.rows)
        self.rows.append(
            LayerRow(
                name,
                _outer(name),
                None,
                layer,
                words,
                outgoing,
                sum(cost.parameters for cost in costs),
                macs + sum(cost.macs for cost in costs),
                input=incoming,
                record=record,
                reach=_reach(layer, record, before, incoming, outgoing),
                sources=origin.rows,
                moment=self.moment,
            )
        )
        self._remember(tensors_in(output), _Origin((len(self.rows) - 1,)))

    def _add_unused(self, name: str) -> None:
        """A row for what only training runs: its parameters are the model's, too."""
        module, last = self._model.get_submodule(name), self.rows[-1]
        parameters = sum(self._costs.pop(id(p)).parameters for p in module.parameters())
        self.rows.append(
            LayerRow(
                name,
                ONLY_IN_TRAINING,
                None,
                type(module).__name__,
                ONLY_IN_TRAINING,
                last.output,
                parameters,
                0,
                input=last.output,
                sources=(len(self.rows) - 1,),
            )
        )

    def _input_shape(self, inputs: Any) -> Shape:
        """Of the largest tensor that depends on the picture."""
        found = [tensor for tensor in tensors_in(inputs) if self._origin_of(tensor).rows]
        return _shape(max(found, key=Tensor.numel)) if found else ()

    def _origin_of(self, inputs: Any) -> _Origin:
        origins = [self._origins.get(id(tensor), _Origin()) for tensor in tensors_in(inputs)]
        rows = dict.fromkeys(row for origin in origins for row in origin.rows)
        owed = dict.fromkeys(key for origin in origins for key in origin.owed)
        return _Origin(tuple(rows), tuple(owed))

    def _carry(self, output: Any, origin: _Origin, macs: int) -> None:
        """`output` stands for what it was made from."""
        tensors = tensors_in(output)
        if macs:
            self._costs[id(tensors[0])] = _Cost(macs=macs)
            origin = _Origin(origin.rows, (*origin.owed, id(tensors[0])))
        self._remember(tensors, origin)

    def _remember(self, tensors: Sequence[Tensor], origin: _Origin) -> None:
        self._alive += tensors
        for tensor in tensors:
            self._origins[id(tensor)] = origin


class _MacCounter(TorchDispatchMode):
    total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in NORMALIZATIONS:
            return torch.empty_like(args[0]), args[0], args[0]
        output = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=output) // 2
        return output


def _shape(tensor: Tensor) -> Shape:
    """Without the batch of 1; windows that a model lays into the batch stay."""
    return tuple(tensor.shape[1:] if tensor.shape[0] == 1 else tensor.shape)


def _reach(
    layer: str, record: Layer | None, before: Reach | None, incoming: Shape, outgoing: Shape
) -> Reach | None:
    """None where the windows of an attention move, and the field with them."""
    if before is None or layer in MOVES:
        return None
    if layer in MIXES:
        return Reach(None, before.stride)
    if record is None or (isinstance(record, Linear) and len(outgoing) > 1):  # at each place by itself
        return before
    return reach_after(record, before, incoming)


def _outer(name: str) -> str:
    return name.rpartition(".")[0]


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
