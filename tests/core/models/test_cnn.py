import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.errors import LayerError
from core.models.cnn import Residual, build_cnn
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, HiddenLayer, Pool
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from tests.core.models.strategies import cnns, pictures


@settings(max_examples=300, deadline=None)
@given(config=cnns, shape=pictures)
def test_builds_what_the_walk_promises_or_raises_its_error(config, shape):
    found = walk(config, shape, 3)
    if found.error is not None:
        with pytest.raises(LayerError) as caught:
            build_cnn(config, shape, 3)
        assert str(caught.value) == found.problem
        return
    network = build_cnn(config, shape, 3).eval()
    assert network(torch.zeros(2, *shape)).shape == (2, 3)
    assert sum(weight.numel() for weight in network.parameters()) == found.parameters
    assert {name for name, _ in network.named_children()} <= {row.name for row in found.rows}


@pytest.mark.parametrize("key", PRESETS)
def test_macs_of_the_presets_are_half_of_torchs_flops(key):
    preset = PRESETS[key]
    shape = (preset.color.channels, *preset.size)
    network = build_cnn(preset.config, shape, 10).eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, *shape))
    assert counter.get_total_flops() == 2 * walk(preset.config, shape, 10).macs


def test_the_lectures_network_is_the_lectures_sequential():
    network = build_cnn(PRESETS["lecture"].config, (1, 100, 100), 1)
    written = nn.Sequential(
        nn.Conv2d(1, 3, kernel_size=(3, 3), padding=1),
        nn.ReLU(),
        nn.MaxPool2d((2, 2)),
        nn.Conv2d(3, 2, kernel_size=(3, 3), padding=1),
        nn.ReLU(),
        nn.MaxPool2d((2, 2)),
        nn.Flatten(),
        nn.Linear(1250, 1),
    )
    weights = zip(written.state_dict(), network.state_dict().values(), strict=True)
    written.load_state_dict(dict(weights))
    pictures = torch.rand(2, 1, 100, 100)
    torch.testing.assert_close(network(pictures), written(pictures))


def test_order_within_a_block():
    block = ConvBlock(4, batch_norm=True, activation=Activation.GELU, pool=Pool.AVERAGE, dropout=0.1)
    kinds = [type(module).__name__ for module in build_cnn(CnnConfig((block,)), (1, 8, 8), 2)]
    assert kinds == ["Conv2d", "BatchNorm2d", "GELU", "AvgPool2d", "Dropout", "Flatten", "Linear"]


def test_names_in_the_state_dict_say_where_they_stand():
    block = ConvBlock(4, residual=True)
    network = build_cnn(CnnConfig((ConvBlock(2), block), hidden=(HiddenLayer(3),)), (1, 8, 8), 2)
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in network.state_dict()))
    assert layers == ["conv1", "residual2.main.conv", "residual2.skip.conv", "hidden1", "output"]


def test_batch_norm_takes_the_place_of_the_bias():
    with_norm, without = CnnConfig((ConvBlock(2, batch_norm=True),)), CnnConfig((ConvBlock(2),))
    assert build_cnn(with_norm, (1, 8, 8), 2).conv1.bias is None
    assert build_cnn(without, (1, 8, 8), 2).conv1.bias is not None


def test_residual_adds_its_input():
    doubled = Residual(nn.Identity(), nn.Identity())
    x = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(doubled(x), 2 * x)


def test_residual_block_adds_before_the_activation():
    block = ConvBlock(2, residual=True, pool=Pool.NONE)
    network = build_cnn(CnnConfig((block,)), (2, 4, 4), 1)
    x = torch.randn(1, 2, 4, 4)
    conv = network.residual1.main.conv
    torch.testing.assert_close(network[:2](x), torch.relu(conv(x) + x))


def test_equal_seeds_give_equal_weights():
    networks = []
    for _ in range(2):
        torch.manual_seed(3)
        networks.append(build_cnn(PRESETS["small-resnet"].config, (1, 32, 32), 10))
    for one, other in zip(*(network.state_dict().values() for network in networks), strict=True):
        assert torch.equal(one, other)
