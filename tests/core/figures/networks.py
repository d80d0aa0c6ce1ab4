"""Walks written by hand, of networks that no builder of ours makes."""

from core.layers.convolution import Conv2d
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.models.walk import LayerRow, Walk, layer_row

SAME = {"kernel": (3, 3), "padding": (1, 1)}


class Rows:
    """A walk that grows layer by layer, from the row before or from those named."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rows: list[LayerRow] = []

    def add(self, name: str, layer: Layer, source: int | None = None) -> int:
        source = len(self.rows) - 1 if source is None else source
        shape = self.rows[source].output if source >= 0 else self.shape
        row, _ = layer_row(layer, shape, name=name, path=name.rpartition(".")[0], sources=(source,))
        self.rows.append(row)
        return len(self.rows) - 1

    def join(self, name: str, layer: str, sources: tuple[int, ...]) -> int:
        shapes = [self.rows[source].output for source in sources]
        channels = sum(shape[0] for shape in shapes) if layer == "Concat" else shapes[0][0]
        output = (channels, *shapes[0][1:])
        self.rows.append(LayerRow(name, "", None, layer, "", output, 0, 0, input=shapes[0], sources=sources))
        return len(self.rows) - 1

    @property
    def walk(self) -> Walk:
        return Walk(self.shape, tuple(self.rows))


def u_net() -> Walk:
    """Down twice and up again, with a concatenation on each level."""
    net = Rows((1, 32, 32))
    down1 = net.add("down1", Conv2d(1, 8, **SAME))
    net.add("pool1", MaxPool2d((2, 2), (2, 2)))
    down2 = net.add("down2", Conv2d(8, 16, **SAME))
    net.add("pool2", MaxPool2d((2, 2), (2, 2)))
    net.add("bottom", Conv2d(16, 32, **SAME))
    up2 = net.add("up2", ConvTranspose2d(32, 16, (2, 2), (2, 2)))
    net.join("concat", "Concat", (down2, up2))
    net.add("conv2", Conv2d(32, 16, **SAME))
    up1 = net.add("up1", ConvTranspose2d(16, 8, (2, 2), (2, 2)))
    net.join("concat", "Concat", (down1, up1))
    net.add("conv1", Conv2d(16, 2, **SAME))
    return net.walk


def deep(blocks: int, names: str = "blocks.{}.conv{}") -> Walk:
    """Blocks of three convolutions, each block with more channels than the one before."""
    net = Rows((1, 64, 64))
    for block in range(blocks):
        for layer in range(3):
            inputs = 4 * block + (4 if layer else 0) or 1
            net.add(names.format(block, layer), Conv2d(inputs, 4 * (block + 1), **SAME))
    net.add("flatten", Flatten())
    net.add("head", Linear(4 * blocks * 64 * 64, 10))
    return net.walk
