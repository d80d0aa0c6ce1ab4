"""Functions on tensors: torch.relu(x), F.max_pool2d(x, 2), x.view(-1, n), x.size(0) and their like."""

from collections.abc import Callable
from functools import partial

from core.errors import CodeRefused
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.models.pasted import nn_layers, reshaping, window_layers
from core.models.pasted.arguments import share, size
from core.models.pasted.natives import call_native
from core.models.pasted.place import clipped
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
        return tensor.trace.apply(Dropout(share(p, "p"), kind), tensor, name)

    return dropout


def _layer(name: str, make: Callable[..., Layer]) -> Operation:
    """A layer that learns nothing, called as a function with its arguments after the tensor."""

    def layer(x: Value, *settings: Value, **named: Value) -> Tensor:
        tensor = tensor_of(x)
        return tensor.trace.apply(call_native(name, make, list(settings), named), tensor, name)

    return layer


def _cat(tensors: Value, dim: Value = 0, axis: Value = None) -> Tensor:
    if not isinstance(tensors, list | tuple) or not tensors:
        raise CodeRefused("torch.cat needs a list of tensors.", found=described(tensors), fix="Write [a, b].")
    known = [tensor_of(tensor) for tensor in tensors]
    along = reshaping.axis_of(known[0], dim if axis is None else axis)
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
        axes = {
            reshaping.axis_of(tensor, axis) for axis in (dim if isinstance(dim, tuple | list) else (dim,))
        }
        sides = enumerate(tensor.shape)
        if keepdim:
            output = tuple(1 if place in axes else side for place, side in sides)
        else:
            output = tuple(side for place, side in sides if place not in axes)
        words = ", ".join(str(axis + 1) for axis in sorted(axes))
        return tensor.trace.put(kind, (tensor,), output, None, f"over axes {words}")

    return reduce


def _largest(kind: str) -> Operation:
    """max or min along an axis, which gives the values and their places, or of two tensors."""
    reduce = _mean(kind)

    def find(x: Value, dim: Value = None, keepdim: Value = False) -> Value:
        if isinstance(dim, Tensor):
            return dim.trace.combine(kind, tensor_of(x), dim)
        return reduce(x, dim, keepdim), Opaque("the places of the largest values")

    return find


def _pad(x: Value, pad: Value, mode: Value = "constant", value: Value = None) -> Tensor:
    tensor = tensor_of(x)
    if not isinstance(pad, tuple | list) or len(pad) not in (2, 4, 6):
        raise CodeRefused(
            "Padding is left, right, top, bottom.", found=described(pad), fix="Write (1, 1, 1, 1)."
        )
    if len(pad) < 6:
        return tensor.trace.apply(nn_layers.padded(pad, mode == "reflect"), tensor, "pad")
    front, back = (size(side, "padding") for side in pad[4:])
    if front < 0 or back < 0 or len(tensor.shape) != 3:
        raise CodeRefused("This padding can't be followed.", fix="Pad rows and columns only.")
    map_sides = tensor.trace.apply(nn_layers.padded(pad[:4]), tensor, "pad")
    channels, rows, columns = map_sides.shape
    return tensor.trace.put("Pad", (map_sides,), (channels + front + back, rows, columns), map_sides.reach)


def _interpolate(
    x: Value, size: Value = None, scale_factor: Value = None, mode: Value = "nearest", **_: Value
) -> Tensor:
    tensor = tensor_of(x)
    return tensor.trace.apply(nn_layers.upsample(size, scale_factor, mode), tensor, "interpolate")


def _layer_norm(x: Value, normalized_shape: Value, weight: Value = None, bias: Value = None) -> Tensor:
    tensor = tensor_of(x)
    return tensor.trace.apply(nn_layers.layer_norm(normalized_shape, 0, False), tensor, "layer_norm")


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


ELEMENTWISE = ("abs", "exp", "log", "sqrt", "square", "pow", "clamp", "clip", "sin", "cos", "sign", "neg")
SHARED: dict[str, Operation] = {  # of torch.nn.functional, of torch, and methods of tensors
    **{name: _activation(name, kind) for name, kind in ACTIVATIONS.items()},
}
FUNCTIONAL: dict[str, Operation] = {
    **SHARED,
    **{name: _dropout(name, kind) for name, kind in DROPOUTS.items()},
    "max_pool2d": _layer("max_pool2d", window_layers.max_pool2d),
    "max_pool1d": _layer("max_pool1d", window_layers.max_pool1d),
    "avg_pool2d": _layer("avg_pool2d", window_layers.avg_pool2d),
    "avg_pool1d": _layer("avg_pool1d", window_layers.avg_pool1d),
    "adaptive_avg_pool2d": _layer("adaptive_avg_pool2d", window_layers.adaptive_avg_pool2d),
    "adaptive_avg_pool1d": _layer("adaptive_avg_pool1d", window_layers.adaptive_avg_pool1d),
    "adaptive_max_pool2d": _layer("adaptive_max_pool2d", window_layers.adaptive_max_pool2d),
    "pixel_shuffle": _layer("pixel_shuffle", nn_layers.pixel_shuffle),
    "interpolate": _interpolate,
    "upsample": _interpolate,
    "pad": _pad,
    "layer_norm": _layer_norm,
    "local_response_norm": _activation("local_response_norm", "LocalResponseNorm"),
    "instance_norm": _activation("instance_norm", "InstanceNorm"),
    "normalize": _activation("normalize", "Normalize"),
}
TORCH: dict[str, Operation] = {
    **SHARED,
    "flatten": reshaping.flatten,
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
    "amin": _mean("Min"),
    "argmax": _mean("ArgMax"),
    "max": _largest("Max"),
    "min": _largest("Min"),
    "maximum": _joining("Max"),
    "minimum": _joining("Min"),
    "squeeze": reshaping.squeeze,
    "unsqueeze": reshaping.unsqueeze,
    "permute": reshaping.permute,
    "transpose": reshaping.transpose,
    "swapaxes": reshaping.transpose,
    "chunk": reshaping.chunk,
    "split": reshaping.split,
    "randn_like": _itself,
    "rand_like": _itself,
    "zeros_like": _itself,
    "ones_like": _itself,
    **{name: _activation(name, name.capitalize()) for name in ELEMENTWISE},
    "reshape": lambda x, shape: reshaping.view(x, shape),
}
METHODS: dict[str, Operation] = {
    **TORCH,
    "view": reshaping.view,
    "reshape": reshaping.view,
    "size": _size,
    "dim": _rank,
    "add_": _joining("Add"),
    "mul_": _joining("Multiply"),
    "expand_as": reshaping.expand_as,
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
    return Native(name, partial(METHODS[name], tensor))
