"""Operations on tensors that a model calls between its layers: which have a row, and what it says."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.elementwise import Activation
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.models.registry_records import pair

# On one tensor; the others on one tensor only arrange its values, and have no row.
UNARY = {
    "adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "avg_pool2d": "AvgPool2d",
    "flatten": "Flatten",
    "gelu": "GELU",
    "max_pool2d": "MaxPool2d",
    "mean": "Mean",
    "normalize": "Normalize",
    "relu": "ReLU",
    "relu_": "ReLU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "softmax": "Softmax",
}
# On several tensors.
JOINS = {
    "add": "Add",
    "add_": "Add",
    "__add__": "Add",
    "__iadd__": "Add",
    "cat": "Concat",
    "linear": "Linear",
    "matmul": "MatMul",
    "__matmul__": "MatMul",
    "mul": "Multiply",
    "__mul__": "Multiply",
}
# Tensors made anew that take nothing but a shape from the one that they are called on.
FRESH = ("new_zeros", "new_full", "zeros_like", "ones_like", "empty_like", "full_like")


def layer_of(operation: str) -> str:
    """ "Concat" for "cat"."""
    return UNARY.get(operation) or JOINS.get(operation) or operation.strip("_").capitalize()


def record_of_operation(operation: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Layer | None:
    """The layer of core.layers that computes the same; None where there is none."""
    match operation:
        case "max_pool2d" | "avg_pool2d":
            names = ("kernel_size", "stride", "padding")
            given = dict(zip(names, args[1:], strict=False)) | kwargs
            kernel = pair(given["kernel_size"])
            stride = pair(given.get("stride") or kernel)
            padding = pair(given.get("padding", 0))
            return (MaxPool2d if operation == "max_pool2d" else AvgPool2d)(kernel, stride, padding)
        case "adaptive_avg_pool2d":
            return AdaptiveAvgPool2d(pair(args[1]))
        case "flatten" if tuple(args[1:]) == (1,):
            return Flatten()
        case "linear":
            outputs, inputs = args[1].shape
            return Linear(inputs, outputs, bias=len(args) > 2 and args[2] is not None)
        case "relu" | "relu_" | "gelu" | "silu" | "sigmoid":
            return Activation(UNARY[operation])
    return None


def words_of_operation(layer: str, args: Sequence[Any], path: str, learned: Sequence[str]) -> str:
    """What it works on: what is `learned` in the module at `path`, or how many tensors are joined."""
    if learned:
        names = dict.fromkeys(name.removeprefix(f"{path}.").partition(".")[0] for name in learned)
        return "with " + ", ".join(names)
    if layer == "Concat":
        return f"{len(args[0])} maps"
    if layer == "Mean":
        return "over rows and columns"
    return ""


def tensors_in(value: Any) -> list[Tensor]:
    """All tensors of nested lists, tuples and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [tensor for entry in value for tensor in tensors_in(entry)]
