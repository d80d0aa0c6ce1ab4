import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.layers.adaptive import AdaptiveAvgPool2d
from core.layers.batch_norm import BatchNorm2d
from core.layers.convolution import Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool2d, MaxPool2d
from core.layers.transposed import ConvTranspose2d
from core.models.stack_text import ACTIVATIONS, MOST_LAYERS, read_stack, stack_text

small = st.integers(1, 99)
pairs = st.tuples(small, small)
paddings = st.tuples(st.integers(0, 9), st.integers(0, 9))
layers = st.one_of(
    st.builds(
        Conv2d,
        in_channels=st.just(1),
        out_channels=small,
        kernel=pairs,
        stride=pairs,
        padding=paddings | st.sampled_from(["same", "valid"]),
        dilation=pairs,
        bias=st.booleans(),
        groups=small,
    ),
    st.builds(
        ConvTranspose2d,
        in_channels=st.just(1),
        out_channels=small,
        kernel=pairs,
        stride=pairs,
        padding=paddings,
        output_padding=paddings,
        dilation=pairs,
        groups=small,
        bias=st.booleans(),
    ),
    st.builds(
        MaxPool2d, kernel=pairs, stride=pairs, padding=paddings, dilation=pairs, ceil_mode=st.booleans()
    ),
    st.builds(
        AvgPool2d,
        kernel=pairs,
        stride=pairs,
        padding=paddings,
        ceil_mode=st.booleans(),
        count_include_pad=st.booleans(),
    ),
    st.builds(AdaptiveAvgPool2d, output=pairs),
    st.builds(Activation, function=st.sampled_from(sorted(ACTIVATIONS.values()))),
    st.builds(Dropout, probability=st.integers(0, 95).map(lambda percent: percent / 100)),
    st.builds(Linear, in_features=st.just(1), out_features=small, bias=st.booleans()),
    st.just(BatchNorm2d(1)),
    st.just(Flatten()),
)


@given(st.lists(layers, max_size=20))
def test_every_stack_comes_back_from_its_text(stack: list) -> None:
    text = stack_text(stack)
    assert read_stack(text) == tuple(stack)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


def test_only_what_is_not_the_default_is_written() -> None:
    assert stack_text([Conv2d(1, 16, (3, 3), padding=(1, 1))]) == "conv16-k3-p1"
    assert stack_text([MaxPool2d((2, 2), (2, 2)), MaxPool2d((3, 3), (2, 2))]) == "max2.max3-s2"
    assert stack_text([]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "conv",
        "conv16",
        "conv16-k",
        "conv16-k3-z9",
        "conv16-k3x3x3",
        "conv16x2-k3",
        "conv16-k999999",
        "relu3",
        "max",
        "flatten2",
        "linear10.",
        ".",
        "Conv16-k3",
        "__import__",
        "conv١-k3",
        "a" * 3000,
        ".".join(["relu"] * (MOST_LAYERS + 1)),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        read_stack(text)


@given(st.text(alphabet="convmaxlinearflatten0123456789x-.ksp", max_size=40))
def test_random_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        stack = read_stack(text)
    except ConfigError:
        stack = ()
    assert read_stack(stack_text(stack)) == stack
