import torch
from hypothesis import given, settings
from torch import nn

from core.models.cnn import torch_module
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, HiddenLayer, Pool
from core.models.cnn_steps import cnn_steps
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from tests.core.models.strategies import cnns, pictures

LECTURE = PRESETS["lecture"].config


def runs_in_torch(config, shape) -> bool:
    """Whether the blocks, written out in torch.nn from the settings alone, run on one picture."""
    x = torch.zeros(1, *shape)
    try:
        for block in config.blocks:
            padding = "same" if block.padding is None else block.padding
            convolution = nn.Conv2d(
                x.shape[1], block.filters, block.kernel, block.stride, padding, block.dilation
            )
            y = convolution(x)
            if block.residual and y.shape[2:] != x[:, :, :: block.stride, :: block.stride].shape[2:]:
                return False
            pools = {Pool.MAX: nn.MaxPool2d, Pool.AVERAGE: nn.AvgPool2d, Pool.NONE: nn.Identity}
            x = pools[block.pool](block.pool_size)(y)
    except (ValueError, RuntimeError):
        return False
    return True


def test_the_lectures_cnn_line_by_line():
    found = walk(LECTURE, (1, 100, 100), 1)
    assert [(row.layer, row.output, row.parameters) for row in found.rows] == [
        ("Conv2d", (3, 100, 100), 30),
        ("ReLU", (3, 100, 100), 0),
        ("MaxPool2d", (3, 50, 50), 0),
        ("Conv2d", (2, 50, 50), 56),
        ("ReLU", (2, 50, 50), 0),
        ("MaxPool2d", (2, 25, 25), 0),
        ("Flatten", (1250,), 0),
        ("Linear", (1,), 1251),
    ]
    assert found.parameters == 1337
    assert found.macs == 3 * 100 * 100 * 9 + 2 * 50 * 50 * 27 + 1250
    assert found.problem is None
    assert found.rows[3].settings == "3 → 2, 3×3, padding 1"
    assert (found.rows[3].path, found.rows[3].block, found.rows[-1].path) == ("block 2", 1, "output")


def test_lenet_5_has_the_published_61706_parameters():
    assert walk(PRESETS["lenet-5"].config, (1, 32, 32), 10).parameters == 61_706


def test_rows_end_at_the_layer_that_can_not_be_built():
    config = CnnConfig((ConvBlock(4), ConvBlock(4), ConvBlock(8, kernel=5, padding=0), ConvBlock(8)))
    found = walk(config, (1, 16, 16), 10)
    last = found.rows[-1]
    assert (last.name, last.block, last.output, last.macs) == ("conv3", 2, (), 0)
    assert found.rows[-2].output == (4, 4, 4)
    assert found.problem == last.problem == str(found.error)
    assert "at most 4 pixels" in found.problem
    assert "5 pixels" in found.problem
    assert all(row.problem is None for row in found.rows[:-1])


def test_a_stride_under_padding_same_is_a_problem_of_its_row():
    found = walk(CnnConfig((ConvBlock(4, padding=None, stride=2),)), (3, 8, 8), 2)
    assert [row.name for row in found.rows] == ["conv1"]
    assert "stride 1" in found.problem


def test_a_pool_larger_than_its_map_is_a_problem_of_the_pool():
    found = walk(CnnConfig((ConvBlock(4, pool_size=9),)), (3, 8, 8), 2)
    assert [row.problem is None for row in found.rows] == [True, True, False]
    assert found.rows[-1].layer == "MaxPool2d"


def test_residual_rows_show_both_sides_and_their_sum():
    block = ConvBlock(8, stride=2, batch_norm=True, residual=True, pool=Pool.NONE)
    found = walk(CnnConfig((block,), Head.GLOBAL_AVERAGE), (3, 9, 9), 2)
    assert [(row.name, row.path) for row in found.rows[:6]] == [
        ("residual1.main.conv", "block 1"),
        ("residual1.main.norm", "block 1"),
        ("residual1.skip.conv", "block 1, skip"),
        ("residual1.skip.norm", "block 1, skip"),
        ("residual1", "block 1"),
        ("activation1", "block 1"),
    ]
    assert {row.output for row in found.rows[:6]} == {(8, 5, 5)}


def test_residual_that_shrinks_its_map_fails_at_the_sum():
    found = walk(CnnConfig((ConvBlock(3, padding=0, residual=True),)), (3, 8, 8), 2)
    assert found.rows[-1].layer == "Add"
    assert "3 × 6 × 6" in found.problem
    assert "3 × 8 × 8" in found.problem


def test_no_blocks_is_a_linear_classifier():
    assert walk(CnnConfig(), (1, 8, 8), 10).parameters == 650


def test_hidden_layers_follow_the_head():
    config = CnnConfig(hidden=(HiddenLayer(5, Activation.TANH, dropout=0.5),))
    names = [row.name for row in walk(config, (1, 2, 2), 3).rows]
    assert names == ["flatten", "hidden1", "hidden1_activation", "hidden1_dropout", "output"]


@settings(max_examples=400, deadline=None)
@given(config=cnns, shape=pictures)
def test_a_network_is_refused_when_and_only_when_torch_can_not_run_it(config, shape):
    assert (walk(config, shape, 2).problem is None) == runs_in_torch(config, shape)


@settings(max_examples=200, deadline=None)
@given(config=cnns, shape=pictures)
def test_rows_of_a_network_that_can_be_built_are_torchs_shapes(config, shape):
    found = walk(config, shape, 3)
    if found.problem is not None:
        return
    modules = nn.ModuleDict({step.name: torch_module(step.layer) for step in cnn_steps(config, shape, 3)})
    outputs = {row.name: row.output for row in found.rows}
    x = torch.zeros(1, *shape)
    for name, module in modules.eval().items():
        x = module(x)
        assert tuple(x.shape[1:]) == outputs[name]
    assert found.parameters == sum(weight.numel() for weight in modules.parameters())


def test_reach_grows_to_the_flattening():
    rows = walk(LECTURE, (1, 100, 100), 1).rows
    assert [row.reach and row.reach.field for row in rows] == [
        (3, 3),
        (3, 3),
        (4, 4),
        (8, 8),
        (8, 8),
        (10, 10),
        None,
        None,
    ]
    assert [int(side) for side in rows[5].reach.stride] == [4, 4]


def test_both_sides_of_a_residual_connection_start_at_one_map():
    block = ConvBlock(8, stride=2, batch_norm=True, residual=True, pool=Pool.NONE)
    rows = walk(CnnConfig((block, ConvBlock(8, residual=True)), Head.GLOBAL_AVERAGE), (3, 9, 9), 2).rows
    found = {row.name: row.sources for row in rows}
    names = [row.name for row in rows]
    assert found["residual1.main.conv"] == ()
    assert found["residual1.skip.conv"] == (-1,)
    assert [names[source] for source in found["residual1"]] == ["residual1.main.norm", "residual1.skip.norm"]
    assert [names[source] for source in found["residual2"]] == ["residual2.main.conv", "activation1"]
    assert {row.name: row.reach for row in rows}["residual1"].field == (3, 3)
    assert {row.name: row.reach for row in rows}["average"].field is None
