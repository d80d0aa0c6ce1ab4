"""Functions on tensors: torch.relu(x), F.max_pool2d(x, 2), x.view(-1, n), x.size(0) and their like."""

from collections.abc import Callable, Sequence
from math import prod

from core.errors import CodeRefused, LayerError
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten
from core.layers.shapes import shape_text
from core.models.pasted import nn_layers
from core.models.pasted.place import clipped
from core.models.pasted.reshaping import View
from core.models.pasted.trace import tensor_of
from core.models.pasted.values import BATCH, Native, Opaque, Tensor, Value, described, integer

Operation = Callable[..., Value]

ACTIVATIONS = {
    "relu": "ReLU",
    "relu_": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "selu": "SELU",
    "celu": "CELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "hardtanh": "Hardtanh",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "logsigmoid": "LogSigmoid",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
}
DROPOUTS = {"dropout": "Dropout", "dropout2d": "Dropout2d", "alpha_dropout": "AlphaDropout"}


def _activation(name: str, kind: str) -> Operation:
    def activation(x: Value, *settings: Value, **named: Value) -> Tensor:
        tensor = tensor_of(x)
        return tensor.trace.apply(Activation(kind), tensor, name)

    return activation


def _dropout(name: str, kind: str) -> Operation:
    def dropout(x: Value, p: Value = 0.5, training: Value = True, inplace: Value = False) -> Tensor:
        tensor = tensor_of(x)
        return tensor.trace.apply(Dropout(nn_layers.share(p, "p"), kind), tensor, name)

    return dropout


def _layer(name: str, make: Callable[..., Layer]) -> Operation:
    """A layer that learns nothing, called as a function with its arguments after the tensor."""

    def layer(x: Value, *settings: Value, **named: Value) -> Tensor:
        tensor = tensor_of(x)
        return tensor.trace.apply(make(*settings, **named), tensor, name)

    return layer


def _flatten(x: Value, start_dim: Value = 0, end_dim: Value = -1) -> Tensor:
    tensor = tensor_of(x)
    rank = len(tensor.shape) + 1
    start, end = (integer(dim, "An axis") % rank for dim in (start_dim, end_dim))
    if start == 0 and end > 0:
        values = prod(tensor.shape)
        tensor.trace.stop(
            "Flatten",
            tensor,
            LayerError(
                "Flattening from axis 0 on puts all pictures of the batch into one vector.",
                expected=f"(B, {values})",
                found=f"(B × {values},)",
                fix="Write torch.flatten(x, 1), which leaves the batch as it is.",
            ),
        )
    if start == 1 and end == rank - 1:
        return tensor.trace.apply(Flatten(), tensor, "flatten")
    if end <= start:
        return tensor
    shape = tensor.shape
    output = (*shape[: start - 1], prod(shape[start - 1 : end]), *shape[end:])
    return tensor.trace.put("Reshape", (tensor,), output, None)


def _view(x: Value, *sizes: Value) -> Tensor:
    tensor = tensor_of(x)
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = tuple(sizes[0])
    if not sizes or not (sizes[0] is BATCH or sizes[0] == -1):
        raise CodeRefused(
            "This sets the size of the batch, which can be any.",
            expected="x.view(x.size(0), -1) or x.view(-1, n)",
            found=f"first size {described(sizes[0]) if sizes else 'none'}",
            fix="Write torch.flatten(x, 1) to flatten each picture.",
        )
    wanted = [nn_layers.size(side, "A size") for side in sizes[1:]]
    if sizes[0] is not BATCH:
        if any(side < 0 for side in wanted):
            raise CodeRefused("Only one size can be -1.", fix="Write x.view(x.size(0), -1).")
        if len(wanted) == 1:
            record = Flatten() if wanted[0] == prod(tensor.shape) else View(wanted[0])
            return tensor.trace.apply(record, tensor, "view", "Flatten")
    return _reshaped(tensor, wanted)


def _reshaped(tensor: Tensor, wanted: Sequence[int]) -> Tensor:
    values, known = prod(tensor.shape), prod(side for side in wanted if side != -1)
    free = [place for place, side in enumerate(wanted) if side == -1]
    if len(free) > 1 or any(side < -1 for side in wanted):
        raise CodeRefused("Only one size can be -1.", fix="Write the other sizes out.")
    if (free and (known == 0 or values % known)) or (not free and known != values):
        tensor.trace.stop(
            "Reshape",
            tensor,
            LayerError(
                "The values of a picture can't be arranged like this.",
                expected=f"{values} values, of {shape_text(tensor.shape)}",
                found=" × ".join(str(side) for side in wanted) or "1",
                fix="Choose sizes whose product is the number of values.",
            ),
        )
    output = tuple(values // known if side == -1 else side for side in wanted)
    if len(output) == 1:
        return tensor.trace.apply(Flatten(), tensor, "view", "Flatten")
    return tensor.trace.put("Reshape", (tensor,), output, None)


def axis_of(tensor: Tensor, dim: Value) -> int:
    """`dim`, which counts the batch, as a place in the tensor's shape, which doesn't.

    Raises:
        CodeRefused: it is the batch, or no axis of the tensor.
    """
    number, rank = integer(dim, "An axis"), len(tensor.shape) + 1
    if not -rank <= number < rank:
        raise CodeRefused(
            "The tensor has no such axis.",
            expected=f"{-rank} to {rank - 1}",
            found=str(number),
            fix="Count the axes from 0, the batch.",
        )
    if number % rank == 0:
        raise CodeRefused(
            "This mixes the pictures of a batch.", fix="Use axis 1, the channels, or later ones."
        )
    return number % rank - 1


def _cat(tensors: Value, dim: Value = 0, axis: Value = None) -> Tensor:
    if not isinstance(tensors, list | tuple) or not tensors:
        raise CodeRefused("torch.cat needs a list of tensors.", found=described(tensors), fix="Write [a, b].")
    known = [tensor_of(tensor) for tensor in tensors]
    along = axis_of(known[0], dim if axis is None else axis)
    return known[0].trace.concatenate(known, along)


def _joining(kind: str) -> Operation:
    def join(left: Value, right: Value, alpha: Value = 1) -> Value:
        if isinstance(left, Tensor) and isinstance(right, Tensor):
            return left.trace.combine(kind, left, right)
        return tensor_of(left) if isinstance(left, Tensor) else tensor_of(right)

    return join


def _mean(kind: str) -> Operation:
    def reduce(x: Value, dim: Value = None, keepdim: Value = False, dtype: Value = None) -> Tensor:
        tensor = tensor_of(x)
        if dim is None:
            raise CodeRefused(
                "This mixes the pictures of a batch.", fix="Name the axes, such as x.mean((2, 3))."
            )
        axes = {axis_of(tensor, axis) for axis in (dim if isinstance(dim, tuple | list) else (dim,))}
        sides = enumerate(tensor.shape)
        if keepdim:
            output = tuple(1 if place in axes else side for place, side in sides)
        else:
            output = tuple(side for place, side in sides if place not in axes)
        words = ", ".join(str(axis + 1) for axis in sorted(axes))
        return tensor.trace.put(kind, (tensor,), output, None, f"over axes {words}")

    return reduce


def _itself(x: Value, *settings: Value, **named: Value) -> Tensor:
    return tensor_of(x)


def _size(x: Value, dim: Value = None) -> Value:
    tensor = tensor_of(x)
    sizes = (BATCH, *tensor.shape)
    if dim is None:
        return sizes
    number = integer(dim, "An axis")
    if not -len(sizes) <= number < len(sizes):
        raise CodeRefused("The tensor has no such axis.", found=str(number), fix="Count the axes from 0.")
    return sizes[number]


def _rank(x: Value) -> int:
    return len(tensor_of(x).shape) + 1


SHARED: dict[str, Operation] = {  # of torch.nn.functional, of torch, and methods of tensors
    **{name: _activation(name, kind) for name, kind in ACTIVATIONS.items()},
}
FUNCTIONAL: dict[str, Operation] = {
    **SHARED,
    **{name: _dropout(name, kind) for name, kind in DROPOUTS.items()},
    "max_pool2d": _layer("max_pool2d", nn_layers.max_pool2d),
    "max_pool1d": _layer("max_pool1d", nn_layers.max_pool1d),
    "avg_pool2d": _layer("avg_pool2d", nn_layers.avg_pool2d),
    "avg_pool1d": _layer("avg_pool1d", nn_layers.avg_pool1d),
    "adaptive_avg_pool2d": _layer("adaptive_avg_pool2d", nn_layers.adaptive_avg_pool2d),
    "adaptive_avg_pool1d": _layer("adaptive_avg_pool1d", nn_layers.adaptive_avg_pool1d),
    "adaptive_max_pool2d": _layer("adaptive_max_pool2d", nn_layers.adaptive_max_pool2d),
}
TORCH: dict[str, Operation] = {
    **SHARED,
    "flatten": _flatten,
    "cat": _cat,
    "concat": _cat,
    "concatenate": _cat,
    "add": _joining("Add"),
    "sub": _joining("Subtract"),
    "mul": _joining("Multiply"),
    "multiply": _joining("Multiply"),
    "div": _joining("Divide"),
    "mean": _mean("Mean"),
    "sum": _mean("Sum"),
    "amax": _mean("Max"),
    "reshape": lambda x, shape: _view(x, shape),
}
METHODS: dict[str, Operation] = {
    **TORCH,
    "view": _view,
    "reshape": _view,
    "size": _size,
    "dim": _rank,
    "add_": _joining("Add"),
    "mul_": _joining("Multiply"),
    **dict.fromkeys(
        ("contiguous", "clone", "detach", "to", "cpu", "cuda", "float", "half", "type", "requires_grad_"),
        _itself,
    ),
}
for _name in ("cat", "concat", "concatenate"):
    del METHODS[_name]


def tensor_attribute(tensor: Tensor, name: str) -> Value:
    """x.name.

    Raises:
        CodeRefused: it can't be followed.
    """
    if name == "shape":
        return (BATCH, *tensor.shape)
    if name == "ndim":
        return len(tensor.shape) + 1
    if name in ("device", "dtype"):
        return Opaque(f"the {name} of a tensor")
    if name not in METHODS:
        raise CodeRefused(
            f"`.{clipped(name)}` of a tensor can't be followed.",
            fix="Use view, reshape, flatten, mean, size, relu and the like.",
        )
    operation = METHODS[name]
    return Native(name, lambda *settings, **named: operation(tensor, *settings, **named))
