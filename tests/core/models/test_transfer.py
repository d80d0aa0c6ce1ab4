from math import prod

import pytest
import torch
from hypothesis import given, settings

from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, HiddenLayer
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.models.transfer import Transfer, state_bytes, state_shapes, transfer
from core.training.start import start_from
from tests.core.models.strategies import cnns

PICTURE = (1, 16, 16)


def config(*blocks: ConvBlock, width: int = 8) -> CnnConfig:
    return CnnConfig(blocks, hidden=(HiddenLayer(width),))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_names_shapes_and_bytes_are_those_of_the_state_dict(preset) -> None:
    shape = (preset.color.channels, *preset.size)
    network = walk(preset.config, shape, 10)
    state = build_cnn(preset.config, shape, 10).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == state_shapes(network)
    assert state_bytes(network) == sum(value.nbytes for value in state.values())


@settings(max_examples=60, deadline=None)
@given(source=cnns, target=cnns)
def test_it_foretells_what_the_start_takes_over(source: CnnConfig, target: CnnConfig) -> None:
    walks = [walk(each, PICTURE, 3) for each in (source, target)]
    if any(each.error for each in walks):
        return
    networks = [build_cnn(each, PICTURE, 3) for each in (source, target)]
    started = start_from(networks[1], networks[0].state_dict())
    foretold = transfer(*walks)
    layer = {name: name.rpartition(".")[0] for name in (*started.taken, *started.fresh)}
    assert set(foretold.taken) == {layer[name] for name in started.taken if name.endswith(".weight")}
    assert set(foretold.fresh) == {
        layer[name] if f"{layer[name]}.weight" in started.fresh else name for name in started.fresh
    }


def test_another_number_of_classes_starts_only_the_last_layer_afresh() -> None:
    same = config(ConvBlock(4, batch_norm=True))
    found = transfer(walk(same, PICTURE, 10), walk(same, PICTURE, 3))
    assert found == Transfer(("conv1", "norm1", "hidden1"), ("output",))


def test_a_wider_block_starts_itself_and_what_follows_afresh() -> None:
    found = transfer(
        walk(config(ConvBlock(4), ConvBlock(8)), PICTURE, 3),
        walk(config(ConvBlock(4), ConvBlock(9)), PICTURE, 3),
    )
    assert found == Transfer(("conv1", "output"), ("conv2", "hidden1"))


def test_only_a_bias_may_be_new() -> None:
    found = transfer(
        walk(config(ConvBlock(4, batch_norm=True)), PICTURE, 3), walk(config(ConvBlock(4)), PICTURE, 3)
    )
    assert found == Transfer(("conv1", "hidden1", "output"), ("conv1.bias",))


def test_state_bytes_count_what_batch_norm_counts_with() -> None:
    network = walk(config(ConvBlock(4, batch_norm=True)), PICTURE, 3)
    shapes = state_shapes(network)
    assert shapes["norm1.num_batches_tracked"] == ()
    assert state_bytes(network) == 8 + 4 * sum(prod(shape) for shape in shapes.values() if shape)
    assert torch.int64.itemsize == 8
