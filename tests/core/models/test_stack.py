import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LayerError
from core.models.stack import stack_source, walk_layers
from core.models.stack_text import read_stack
from tests.core.models.test_stack_text import layers, small

LECTURE = "conv3-k3-p1.relu.max2.conv2-k3-p1.relu.max2.flatten.linear1"


def test_the_lectures_cnn_by_hand() -> None:
    found = walk_layers(read_stack(LECTURE), (1, 100, 100))
    assert [row.name for row in found.rows[:4]] == ["conv1", "activation1", "pool1", "conv2"]
    assert found.rows[-1].settings == "1250 → 1"
    assert found.parameters == 1337
    assert found.problem is None


def test_each_layer_is_made_for_what_reaches_it() -> None:
    found = walk_layers(read_stack("conv8-k1.norm.conv4-k3.flatten.linear2"), (3, 5, 7))
    assert [row.settings for row in found.rows] == [
        "3 → 8, 1×1",
        "8 channels",
        "8 → 4, 3×3",
        "",
        "60 → 2",
    ]


def test_the_walk_ends_at_the_layer_that_can_not_be_built() -> None:
    found = walk_layers(read_stack("max4.conv8-k5.relu"), (1, 8, 8))
    assert [row.problem is None for row in found.rows] == [True, False]
    assert "at most 2 pixels" in str(found.error)


def test_a_convolution_after_the_flattening_is_a_problem_of_its_row() -> None:
    found = walk_layers(read_stack("flatten.conv8-k3"), (1, 8, 8))
    assert "vector" in (found.problem or "")


def test_a_map_that_no_memory_holds_ends_the_walk() -> None:
    found = walk_layers(read_stack(".".join(["transposed1-k1-s65536"] * 64)), (1, 100, 100))
    assert "1 × 6488065 × 6488065" in str(found.error)
    assert [row.output for row in found.rows] == [()]


def test_no_layers_is_a_walk_without_rows() -> None:
    assert walk_layers((), (1, 8, 8)).rows == ()


@pytest.mark.parametrize(
    "text",
    [
        LECTURE,
        "conv6-k3x5-s2-p1x2-d2-b0.norm.silu.max3-s2-p1.dropout25",
        "conv4-k3-pvalid.transposed6-k3-s2-o1-g2.gelu.conv6-k3-g6.avg3-s2-p1-c1-i0.adaptive1",
        "conv4-k3-psame.tanh.avg2.adaptive3x2.flatten.linear5-b0.sigmoid",
    ],
)
def test_its_source_runs_in_torch_with_the_same_shapes_and_parameters(text: str) -> None:
    layers = read_stack(text)
    shape = (2, 33, 40)
    found = walk_layers(layers, shape)
    space: dict = {}
    exec(stack_source(layers, shape), space)
    model = space["model"].eval()
    x = torch.zeros(1, *shape)
    for module, row in zip(model, found.rows, strict=True):
        x = module(x)
        assert tuple(x.shape[1:]) == row.output
        assert sum(p.numel() for p in module.parameters()) == row.parameters
    assert sum(p.numel() for p in model.parameters()) == found.parameters


@settings(max_examples=300)
@given(st.lists(layers, max_size=6), st.tuples(small, small, small))
def test_any_stack_can_be_walked_and_only_its_last_row_may_fail(stack: list, shape: tuple) -> None:
    found = walk_layers(stack, shape)
    assert all(row.problem is None and row.output for row in found.rows[:-1])
    assert (found.error is None) == (found.problem is None)
    assert len(found.rows) == len(stack) or found.problem is not None


def test_a_network_that_can_not_be_built_has_no_source() -> None:
    with pytest.raises(LayerError, match="larger than the map"):
        stack_source(read_stack("conv3-k9"), (1, 4, 4))
