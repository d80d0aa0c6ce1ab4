from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.errors import LayerError
from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.memory import Dtype, activation_bytes, inference_bytes, training_bytes, walk_memory
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import Shape
from core.layers.transposed import ConvTranspose2d
from core.layers.windows import PaddingMode
from core.models.cnn import build_cnn, torch_module
from core.models.cnn_walk import walk
from core.models.pasted.own_layers import GroupNorm, InstanceNorm, LayerNorm, PixelShuffle, PReLU, Upsample
from core.models.presets import PRESETS
from tests.core.layers.test_convolution import some_conv2d
from tests.core.layers.test_pooling import some_average_pool, some_max_pool
from tests.core.models.strategies import cnns, pictures

BATCH = 3
ACTIVATIONS = """
    ReLU LeakyReLU GELU Tanh Sigmoid SiLU ELU SELU CELU ReLU6 Hardswish Hardsigmoid Hardtanh Softplus
    Softsign Mish LogSigmoid Tanhshrink Softshrink Hardshrink Identity
"""
LAYERS: list[tuple[Layer, Shape]] = [
    (Conv2d(2, 3, (3, 3), padding=(1, 1)), (2, 8, 9)),
    (Conv2d(2, 3, (3, 3), padding="same"), (2, 8, 9)),
    (Conv2d(2, 3, (4, 3), padding="same"), (2, 8, 9)),
    (Conv2d(4, 4, (3, 3), groups=2), (4, 8, 9)),
    *[(Conv2d(2, 3, (3, 3), padding=(1, 2), padding_mode=mode), (2, 8, 9)) for mode in PaddingMode],
    (Conv1d(2, 3, 4, padding="same"), (2, 8)),
    (Conv1d(2, 3, 3, 2), (2, 8)),
    (ConvTranspose2d(2, 3, (3, 3), (2, 2)), (2, 8, 9)),
    (MaxPool2d((2, 2), (2, 2), ceil_mode=True), (2, 8, 9)),
    (AvgPool2d((2, 2), (2, 2)), (2, 8, 9)),
    (MaxPool1d(2, 2), (2, 8)),
    (AvgPool1d(2, 2), (2, 8)),
    (AdaptiveAvgPool2d((1, 1)), (2, 8, 9)),
    (AdaptiveAvgPool2d((2, None)), (2, 8, 9)),
    (AdaptiveMaxPool2d((2, 2)), (2, 8, 9)),
    (AdaptiveAvgPool1d(1), (2, 8)),
    (Flatten(), (2, 8, 9)),
    (Linear(8, 3), (8,)),
    (BatchNorm2d(2), (2, 8, 9)),
    (BatchNorm2d(2, affine=False), (2, 8, 9)),
    (BatchNorm1d(8), (8,)),
    (Dropout(0.3), (2, 8, 9)),
    (Dropout(0.3, "Dropout2d"), (2, 8, 9)),
    (Dropout(0.0), (2, 8, 9)),
    *[(Activation(function), (2, 8, 9)) for function in ACTIVATIONS.split()],
]


def saved_bytes(module: nn.Module, x: torch.Tensor) -> int:
    """Bytes of the distinct memories that autograd saves on the way through `module`, without its weights."""
    own = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}
    saved = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        module(x)
    return sum(tensor.untyped_storage().nbytes() for place, tensor in saved.items() if place not in own)


def inside_a_network(shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    return torch.rand(BATCH, *shape, dtype=dtype, requires_grad=True) * 1


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(("layer", "shape"), LAYERS)
@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.FLOAT64])
def test_training_keeps_what_autograd_saves(layer, shape, dtype):
    number = getattr(torch, dtype)
    saved = saved_bytes(torch_module(layer).to(number), inside_a_network(shape, number))
    assert training_bytes(layer, shape, BATCH, dtype) == saved


@pytest.mark.parametrize(
    ("layer", "module", "shape"),
    [
        (GroupNorm(2, 4), nn.GroupNorm(2, 4), (4, 8, 9)),
        (InstanceNorm(4), nn.InstanceNorm2d(4), (4, 8, 9)),
        (InstanceNorm(4, affine=True), nn.InstanceNorm2d(4, affine=True), (4, 8, 9)),
        (LayerNorm((9,)), nn.LayerNorm(9), (4, 8, 9)),
        (LayerNorm((4, 8, 9)), nn.LayerNorm((4, 8, 9)), (4, 8, 9)),
        (PReLU(4), nn.PReLU(4), (4, 8, 9)),
        (PixelShuffle(2), nn.PixelShuffle(2), (4, 8, 9)),
        (Upsample(scale=(2, 2)), nn.Upsample(scale_factor=2), (4, 8, 9)),
    ],
)
def test_layers_of_pasted_code_keep_what_autograd_saves(layer, module, shape):
    saved = saved_bytes(module, inside_a_network(shape, torch.float32))
    assert training_bytes(layer, shape, BATCH, Dtype.FLOAT32) == saved


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_training_keeps_what_autograd_saves_for_any_window(seed):
    random = Random(seed)
    layer, shape = random.choice((some_conv2d, some_max_pool, some_average_pool))(random)
    try:
        expected = training_bytes(layer, shape, BATCH, Dtype.FLOAT32)
    except LayerError:
        return
    assert saved_bytes(torch_module(layer), inside_a_network(shape, torch.float32)) == expected


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.FLOAT64])
def test_a_presets_training_keeps_what_autograd_saves(name, dtype):
    preset = PRESETS[name]
    shape = (3, *preset.size)
    model = build_cnn(preset.config, shape, 5).to(getattr(torch, dtype))
    saved = saved_bytes(model, torch.rand(BATCH, *shape, dtype=getattr(torch, dtype)))
    assert walk_memory(walk(preset.config, shape, 5).rows, shape, BATCH, dtype).training == saved


@settings(max_examples=150, deadline=None)
@given(config=cnns, shape=pictures)
def test_any_networks_training_keeps_what_autograd_saves(config, shape):
    found = walk(config, shape, 2)
    if found.error is not None:
        return
    saved = saved_bytes(build_cnn(config, shape, 2), torch.rand(BATCH, *shape))
    assert walk_memory(found.rows, shape, BATCH).training == saved


def test_predicting_holds_the_two_largest_neighbours():
    found = walk(PRESETS["lecture"].config, (1, 100, 100), 1)
    memory = walk_memory(found.rows, (1, 100, 100), batch=2)
    assert memory.inference == 2 * 4 * (3 * 100 * 100 + 3 * 100 * 100)
    assert found.rows[memory.peak].name == "activation1"


def test_predicting_holds_what_a_skip_still_needs():
    found = walk(PRESETS["small-resnet"].config, (1, 32, 32), 10)
    memory = walk_memory(found.rows, (1, 32, 32))
    assert memory.inference == 4 * 3 * 16 * 32 * 32  # the skip's map, and what one layer reads and writes


def test_a_layer_that_only_passes_on_holds_its_input():
    assert inference_bytes(Flatten(), (2, 3, 4), 5, Dtype.FLOAT16) == 5 * 24 * 2
    assert inference_bytes(Dropout(0.5), (24,), 5, Dtype.FLOAT32) == 5 * 24 * 4
    assert inference_bytes(Activation("ReLU"), (24,), 5, Dtype.FLOAT64) == 2 * 5 * 24 * 8


@pytest.mark.parametrize("dtype", Dtype)
def test_bytes_are_torchs(dtype):
    assert activation_bytes((3, 4), 2, dtype) == torch.zeros(2, 3, 4, dtype=getattr(torch, dtype)).nbytes


def test_no_layers_hold_the_picture():
    assert walk_memory((), (1, 4, 4)).inference == 64
