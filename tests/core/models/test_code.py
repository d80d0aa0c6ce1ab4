import pytest
import torch
from hypothesis import given, settings
from torch import nn

from core.errors import LayerError
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.cnn_walk import walk
from core.models.code import class_source, model_source
from core.models.presets import PRESETS
from tests.core.models.strategies import cnns, pictures


def written(config, shape, outputs) -> nn.Module:
    namespace: dict = {}
    exec(model_source(config, shape, outputs, class_name="Digits"), namespace)
    return namespace["Digits"]()


def assert_same_network(config, shape, outputs) -> None:
    """Equal names, equal weights from an equal seed, equal logits in both modes."""
    torch.manual_seed(1)
    built = build_cnn(config, shape, outputs)
    torch.manual_seed(1)
    copied = written(config, shape, outputs)
    copied_state = copied.state_dict()
    assert list(copied_state) == list(built.state_dict())
    assert all(torch.equal(value, copied_state[name]) for name, value in built.state_dict().items())
    x = torch.rand(4, *shape)
    for mode in (False, True):
        logits = []
        for network in (built, copied):
            torch.manual_seed(2)  # dropout draws alike
            try:
                logits.append(network.train(mode)(x))
            except ValueError as one_value:  # batch norm in training on a single value a channel
                logits.append(torch.tensor(float(len(str(one_value)))))
        assert torch.equal(*logits)


@pytest.mark.parametrize("key", PRESETS)
def test_presets_are_written_as_they_are_built(key):
    preset = PRESETS[key]
    assert_same_network(preset.config, (preset.color.channels, *preset.size), 10)


@settings(max_examples=100, deadline=None)
@given(config=cnns, shape=pictures)
def test_any_network_is_written_as_it_is_built(config, shape):
    if walk(config, shape, 2).problem is None:
        assert_same_network(config, shape, 2)


def test_a_trained_state_dict_loads_into_the_written_class():
    preset = PRESETS["small-resnet"]
    built = build_cnn(preset.config, (1, 32, 32), 10)
    built(torch.rand(8, 1, 32, 32))  # moves the running statistics
    copied = written(preset.config, (1, 32, 32), 10)
    copied.load_state_dict(built.state_dict())
    x = torch.rand(2, 1, 32, 32)
    assert torch.equal(copied.eval()(x), built.eval()(x))


def test_the_lectures_network_reads_as_one_would_write_it():
    assert (
        model_source(PRESETS["lecture"].config, (1, 100, 100), 1)
        == '''\
from torch import nn


class CNN(nn.Module):
    """Pictures (B, 1, 100, 100) -> logits (B, 1)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, kernel_size=3, padding=1)  # (3, 100, 100)
        self.activation1 = nn.ReLU()  # (3, 100, 100)
        self.pool1 = nn.MaxPool2d(2)  # (3, 50, 50)
        self.conv2 = nn.Conv2d(3, 2, kernel_size=3, padding=1)  # (2, 50, 50)
        self.activation2 = nn.ReLU()  # (2, 50, 50)
        self.pool2 = nn.MaxPool2d(2)  # (2, 25, 25)
        self.flatten = nn.Flatten()  # (1250,)
        self.output = nn.Linear(1250, 1)  # (1,)

    def forward(self, x):
        x = self.pool1(self.activation1(self.conv1(x)))
        x = self.pool2(self.activation2(self.conv2(x)))
        x = self.flatten(x)
        x = self.output(x)
        return x
'''
    )


def test_lines_fit_a_screen():
    source = model_source(PRESETS["small-resnet"].config, (3, 224, 224), 1000)
    assert max(map(len, source.splitlines())) <= 100


def test_a_network_that_can_not_be_built_has_no_code():
    with pytest.raises(LayerError, match="larger than the map"):
        class_source(CnnConfig((ConvBlock(2, kernel=9, padding=0),)), (1, 4, 4), 2)
