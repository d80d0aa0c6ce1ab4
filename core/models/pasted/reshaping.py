"""Rearranging tensors: x.view(-1, n), torch.flatten(x, 1), x.permute(0, 2, 3, 1), x[:, :4] and their like."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from core.errors import CodeRefused, LayerError
from core.layers.linear import Flatten
from core.layers.shapes import shape_text
from core.models.pasted.arguments import size
from core.models.pasted.own_layers import View
from core.models.pasted.trace import tensor_of
from core.models.pasted.values import BATCH, Tensor, Value, described, integer

MOST_PARTS = 64


def flatten(x: Value, start_dim: Value = 0, end_dim: Value = -1) -> Tensor:
    tensor = tensor_of(x)
    rank = len(tensor.shape) + 1
    start, end = (integer(dim, "An axis") % rank for dim in (start_dim, end_dim))
    if start == 0 and end > 0:
        values = prod(tensor.shape)
        tensor.trace.stop(
            "Flatten",
            (tensor,),
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


def view(x: Value, *sizes: Value) -> Tensor:
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
    if len(sizes) == 1 and sizes[0] is not BATCH:
        return flatten(tensor)
    wanted = [size(side, "A size") for side in sizes[1:]]
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
            (tensor,),
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


def chunk(x: Value, chunks: Value, dim: Value = 0) -> tuple[Tensor, ...]:
    tensor, count = tensor_of(x), integer(chunks, "The number of chunks")
    if not 0 < count <= MOST_PARTS:
        raise CodeRefused("The number of chunks can't be followed.", found=str(count), fix="Use fewer.")
    return split(tensor, -(-tensor.shape[axis_of(tensor, dim)] // count), dim)


def split(x: Value, split_size_or_sections: Value, dim: Value = 0) -> tuple[Tensor, ...]:
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


def squeeze(x: Value, dim: Value = None) -> Tensor:
    tensor = tensor_of(x)
    if dim is None:
        return _rearranged(tensor, tuple(side for side in tensor.shape if side != 1))
    axes = {axis_of(tensor, axis) for axis in (dim if isinstance(dim, tuple | list) else (dim,))}
    kept = (side for place, side in enumerate(tensor.shape) if place not in axes or side != 1)
    return _rearranged(tensor, tuple(kept))


def unsqueeze(x: Value, dim: Value) -> Tensor:
    tensor, number = tensor_of(x), integer(dim, "An axis")
    rank = len(tensor.shape) + 2
    if not -rank <= number < rank or number % rank == 0:
        raise CodeRefused("An axis can't be put in there.", found=str(number), fix="Use axis 1 or later.")
    place = number % rank - 1
    return _rearranged(tensor, (*tensor.shape[:place], 1, *tensor.shape[place:]))


def permute(x: Value, *dims: Value) -> Tensor:
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


def transpose(x: Value, dim0: Value, dim1: Value) -> Tensor:
    tensor = tensor_of(x)
    first, second = axis_of(tensor, dim0), axis_of(tensor, dim1)
    sides = list(tensor.shape)
    sides[first], sides[second] = sides[second], sides[first]
    return _rearranged(tensor, tuple(sides))


def _rearranged(tensor: Tensor, output: tuple[int, ...]) -> Tensor:
    if output == tensor.shape:
        return tensor
    return tensor.trace.put("Reshape", (tensor,), output, None)


def expand_as(x: Value, other: Value) -> Tensor:
    """The same values, read several times: no row of its own."""
    tensor, like = tensor_of(x), tensor_of(other)
    sides = zip(tensor.shape, like.shape, strict=False)
    if len(tensor.shape) != len(like.shape) or any(a not in (b, 1) for a, b in sides):
        raise CodeRefused(
            "The tensor can't be stretched to this shape.",
            expected=shape_text(like.shape),
            found=shape_text(tensor.shape),
            fix="Stretch sides of 1 only.",
        )
    return replace(tensor, shape=like.shape)
