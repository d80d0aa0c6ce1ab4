"""How much of the picture one value of a map sees: receptive field and effective stride."""

from dataclasses import dataclass
from fractions import Fraction

from core.layers.shapes import Pair


@dataclass(frozen=True)
class Reach:
    """`field` is (rows, columns) of input pixels that one value depends on at most; `stride` is how far, in
    input pixels, the field moves from one value to the next (a fraction after upsampling).

    A map that mixes every place of the picture, such as one after global pooling, has `field` None.
    """

    field: Pair | None = (1, 1)
    stride: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
