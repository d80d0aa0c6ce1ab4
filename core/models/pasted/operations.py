"""Functions on tensors: torch.relu(x), F.max_pool2d(x, 2), x.view(-1, n), x.size(0) and their like."""

from collections.abc import Callable, Sequence
from math import prod

from core.errors import CodeRefused, LayerError
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten
from core.layers.shapes import shape_text
from core.models.pasted import nn_layers
from core.models.pasted.own_layers import View
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
    if sizes[0] is not BATCH and any(side < 0 for side in wanted):
        raise CodeRefused("Only one size can be -1.", fix="Write x.view(x.size(0), -1).")
    if len(wanted) == 1 and wanted[0] > 0:
        fits = wanted[0] == prod(tensor.shape)
        record = Flatten() if fits else View(wanted[0], keeps_batch=sizes[0] is BATCH)
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


def part_of(x: Tensor, key: Value) -> Tensor:
    """x[key], with all pictures of the batch kept."""
    keys = list(key) if isinstance(key, tuple) else [key]
    named = sum(part is not None and part is not ... for part in keys)
    if keys.count(...) > 1 or named > len(x.shape) + 1:
        raise CodeRefused("The tensor hasn't as many axes.", fix="Take fewer parts.")
    place = keys.index(...) if ... in keys else len(keys)
    keys[place : place + 1] = [slice(None)] * (len(x.shape) + 1 - named)
    if keys[0] != slice(None):
        raise CodeRefused(
            "This takes some pictures of the batch only.", fix="Write x[:, ...] to keep them all."
        )
    sides, output = iter(x.shape), []
    for part in keys[1:]:
        if part is None:
            output.append(1)
            continue
        side = next(sides)
        if isinstance(part, slice):
            output.append(_sliced(side, part))
        elif not -side <= integer(part, "A place") < side:
            raise CodeRefused("The tensor has no such place.", found=f"{part} of {side}", fix="Count from 0.")
    return x.trace.put("Slice", (x,), tuple(output), None)


def _sliced(side: int, part: slice) -> int:
    if part.step is not None and part.step < 1:
        raise CodeRefused(
            "PyTorch's slices have steps of at least 1.", fix="Use torch.flip to turn a tensor."
        )
    length = len(range(*part.indices(side)))
    if length == 0:
        raise CodeRefused("Nothing is left of the tensor.", fix="Use an end beyond the start.")
    return length


def _chunk(x: Value, chunks: Value, dim: Value = 0) -> tuple[Tensor, ...]:
    tensor, count = tensor_of(x), integer(chunks, "The number of chunks")
    if not 0 < count <= MOST_PARTS:
        raise CodeRefused("The number of chunks can't be followed.", found=str(count), fix="Use fewer.")
    return _split(tensor, -(-tensor.shape[axis_of(tensor, dim)] // count), dim)


def _split(x: Value, split_size_or_sections: Value, dim: Value = 0) -> tuple[Tensor, ...]:
    tensor, axis = tensor_of(x), axis_of(tensor_of(x), dim)
    side = tensor.shape[axis]
    if isinstance(split_size_or_sections, list | tuple):
        lengths = [integer(length, "A part") for length in split_size_or_sections]
    else:
        length = integer(split_size_or_sections, "A part")
        if length < 1 or side // length > MOST_PARTS:
            raise CodeRefused("The parts can't be followed.", found=str(length), fix="Use larger parts.")
        lengths = [min(length, side - start) for start in range(0, side, length)]
    if sum(lengths) != side or min(lengths) < 1:
        found = str(sum(lengths))
        raise CodeRefused(
            "The parts don't make up the whole.", expected=str(side), found=found, fix="Change them."
        )
    before, after = tensor.shape[:axis], tensor.shape[axis + 1 :]
    return tuple(
        tensor.trace.put("Slice", (tensor,), (*before, length, *after), tensor.reach) for length in lengths
    )


def _squeeze(x: Value, dim: Value = None) -> Tensor:
    tensor = tensor_of(x)
    if dim is None:
        return _rearranged(tensor, tuple(side for side in tensor.shape if side != 1))
    axes = {axis_of(tensor, axis) for axis in (dim if isinstance(dim, tuple | list) else (dim,))}
    kept = (side for place, side in enumerate(tensor.shape) if place not in axes or side != 1)
    return _rearranged(tensor, tuple(kept))


def _unsqueeze(x: Value, dim: Value) -> Tensor:
    tensor, number = tensor_of(x), integer(dim, "An axis")
    rank = len(tensor.shape) + 2
    if not -rank <= number < rank or number % rank == 0:
        raise CodeRefused("An axis can't be put in there.", found=str(number), fix="Use axis 1 or later.")
    place = number % rank - 1
    return _rearranged(tensor, (*tensor.shape[:place], 1, *tensor.shape[place:]))


def _permute(x: Value, *dims: Value) -> Tensor:
    tensor = tensor_of(x)
    wanted = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    numbers = [integer(dim, "An axis") % (len(tensor.shape) + 1) for dim in wanted]
    if sorted(numbers) != list(range(len(tensor.shape) + 1)) or numbers[0] != 0:
        raise CodeRefused(
            "These axes can't be exchanged like this.",
            expected="each axis once, 0 (the batch) first",
            found=described(wanted),
            fix="Write x.permute(0, ...).",
        )
    return _rearranged(tensor, tuple(tensor.shape[number - 1] for number in numbers[1:]))


def _transpose(x: Value, dim0: Value, dim1: Value) -> Tensor:
    tensor = tensor_of(x)
    first, second = axis_of(tensor, dim0), axis_of(tensor, dim1)
    sides = list(tensor.shape)
    sides[first], sides[second] = sides[second], sides[first]
    return _rearranged(tensor, tuple(sides))


def _rearranged(tensor: Tensor, output: tuple[int, ...]) -> Tensor:
    if output == tensor.shape:
        return tensor
    return tensor.trace.put("Reshape", (tensor,), output, None)


def _expand_as(x: Value, other: Value) -> Tensor:
    tensor, like = tensor_of(x), tensor_of(other)
    sides = zip(tensor.shape, like.shape, strict=False)
    if len(tensor.shape) != len(like.shape) or any(a not in (b, 1) for a, b in sides):
        raise CodeRefused(
            "The tensor can't be stretched to this shape.",
            expected=shape_text(like.shape),
            found=shape_text(tensor.shape),
            fix="Stretch sides of 1 only.",
        )
    return _rearranged(tensor, like.shape)


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
    front, back = (nn_layers.size(side, "padding") for side in pad[4:])
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


MOST_PARTS = 64
ELEMENTWISE = ("abs", "exp", "log", "sqrt", "square", "pow", "clamp", "clip", "sin", "cos", "sign", "neg")
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
    "amin": _mean("Min"),
    "argmax": _mean("ArgMax"),
    "max": _largest("Max"),
    "min": _largest("Min"),
    "maximum": _joining("Max"),
    "minimum": _joining("Min"),
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "chunk": _chunk,
    "split": _split,
    "randn_like": _itself,
    "rand_like": _itself,
    "zeros_like": _itself,
    "ones_like": _itself,
    **{name: _activation(name, name.capitalize()) for name in ELEMENTWISE},
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
    "expand_as": _expand_as,
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
