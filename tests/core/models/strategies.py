"""Random CNNs, buildable or not, small enough to build and run by the hundred."""

from hypothesis import strategies as st

from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, HiddenLayer, Pool

blocks = st.builds(
    ConvBlock,
    filters=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 2),
    padding=st.none() | st.integers(0, 3),
    dilation=st.integers(1, 2),
    batch_norm=st.booleans(),
    residual=st.booleans(),
    activation=st.sampled_from(Activation),
    pool=st.sampled_from(Pool),
    pool_size=st.integers(1, 3),
    dropout=st.sampled_from([0.0, 0.3]),
)
hidden = st.builds(
    HiddenLayer,
    width=st.integers(1, 8),
    activation=st.sampled_from(Activation),
    dropout=st.sampled_from([0.0, 0.3]),
)
cnns = st.builds(
    CnnConfig,
    blocks=st.lists(blocks, max_size=3).map(tuple),
    head=st.sampled_from(Head),
    hidden=st.lists(hidden, max_size=2).map(tuple),
)
pictures = st.tuples(st.sampled_from([1, 3]), st.integers(1, 16), st.integers(1, 16))
