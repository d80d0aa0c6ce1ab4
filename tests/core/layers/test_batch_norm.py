from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.layers.batch_norm import BatchNorm2d
from tests.core.layers.torch_parity import assert_agrees


@settings(deadline=None)
@given(channels=st.integers(1, 4), shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
def test_agrees_with_torch(channels, shape):
    assert_agrees(BatchNorm2d(channels), lambda: nn.BatchNorm2d(channels), shape)
