"""The layers at which Grad-CAM can look at a network, and which it looks at first."""

from collections.abc import Iterator

from core.errors import InsightError
from core.layers.shapes import Pair, shape_text
from core.models.walk import ONLY_IN_TRAINING, Walk

ATTENTION = ("MultiheadAttention", "MatMul", "Einsum")


def default_layer(walk: Walk) -> str:
    """The last convolutional map: the outermost module that ends with a map of the last convolution's size.

    That is "layer4" of a ResNet and "features" of a DenseNet. Where only a pooled map leaves the modules
    around it, as in a VGG, it is the convolution itself. Maps of 1 x 1 have no places, and don't count.

    Raises:
        InsightError: the network has no such map: no convolution, or attention behind the last one.
    """
    layers = _layers(walk)
    return layers[max(layers)]


def grad_cam_layers(walk: Walk) -> tuple[str, ...]:
    """Convolutions and blocks of them that put out a map larger than 1 x 1, in the order of computation.

    Raises:
        InsightError: as `default_layer`.
    """
    return tuple(name for _, name in sorted(_layers(walk).items()))


def _layers(walk: Walk) -> dict[int, str]:
    """The rows that end a convolution or a block of them, and the outermost module that ends there."""
    found: dict[int, str] = {}
    ends = {name: index for index, row in enumerate(walk.rows) for name in _around(row.name)}
    for name, size in _convolved(walk).items():
        end = ends[name]
        output = walk.rows[end].output
        if output[1:] == size and len(output) == 3 and len(name) < len(found.get(end, name + ".")):
            found[end] = name
    if not found:
        raise _no_maps(
            "it has no convolution that puts out a map larger than 1 × 1", shape_text(walk.input_shape)
        )
    if attention := [row for row in walk.rows[max(found) + 1 :] if row.layer in ATTENTION]:
        raise _no_maps(
            "behind its last convolution comes attention, which mixes all places of a picture",
            f"{found[max(found)]}, then {attention[0].name}",
        )
    return found


def _convolved(walk: Walk) -> dict[str, Pair]:
    """Every convolution and module around one, with the (rows, columns) of its last map larger than 1 x 1."""
    sizes: dict[str, Pair] = {}
    for row in walk.rows:
        if row.layer == "Conv2d" and row.path != ONLY_IN_TRAINING and len(row.output) == 3:
            _, rows, columns = row.output
            if rows * columns > 1:
                sizes |= dict.fromkeys(_around(row.name), (rows, columns))
    return sizes


def _around(name: str) -> Iterator[str]:
    """ "a.b.c", "a.b" and "a"."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _no_maps(why: str, found: str) -> InsightError:
    return InsightError(
        f"Grad-CAM can't be shown for this network: {why}.",
        expected="a convolutional map that leads to the logits by pooling and linear layers",
        found=found,
        fix="Choose guided backpropagation, integrated gradients or occlusion, which work on every network.",
    )
