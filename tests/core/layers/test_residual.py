import pytest

from core.errors import LayerError
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.residual import Residual

HALVING = Conv2d(8, 16, (3, 3), stride=(2, 2), padding=(1, 1))
PROJECTION = Conv2d(8, 16, (1, 1), stride=(2, 2))


def test_parameters_and_macs_are_the_sums_of_both_sides():
    layer = Residual((("conv", HALVING), ("norm", BatchNorm2d(16))), (("conv", PROJECTION),))
    assert layer.output_shape((8, 9, 9)) == (16, 5, 5)
    assert layer.parameters == HALVING.parameters + 2 * 16 + PROJECTION.parameters
    assert layer.macs((8, 9, 9)) == 16 * 5 * 5 * 8 * (3 * 3 + 1)


def test_sides_that_differ_are_refused_with_both_shapes():
    with pytest.raises(LayerError, match="can't be added") as caught:
        Residual((("conv", Conv2d(4, 4, (3, 3))),)).output_shape((4, 8, 8))
    assert caught.value.expected.startswith("4 × 8 × 8")
    assert caught.value.found.startswith("4 × 6 × 6")
