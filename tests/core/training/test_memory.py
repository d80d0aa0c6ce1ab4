import pytest
import torch

from core.errors import ConfigError
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, HiddenLayer
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.training.config import Optimizer, TrainingConfig
from core.training.memory import check_memory, training_memory

NETWORK = PRESETS["small-vgg"].config
SHAPE = (1, 32, 32)


@pytest.mark.parametrize(
    ("optimizer", "make", "copies"),
    [
        (Optimizer.ADAM, lambda p: torch.optim.Adam(p), 4),
        (Optimizer.SGD, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), 3),
    ],
)
def test_parameters_count_what_torch_keeps(optimizer: Optimizer, make, copies: int) -> None:
    model = build_cnn(NETWORK, SHAPE, 10)
    step = make(model.parameters())
    model(torch.zeros(2, *SHAPE)).sum().backward()
    step.step()
    kept = [*model.parameters()] + [p.grad for p in model.parameters()]
    kept += [v for state in step.state.values() for v in state.values() if torch.is_tensor(v) and v.dim()]
    estimate = training_memory(walk(NETWORK, SHAPE, 10), TrainingConfig(optimizer=optimizer))
    assert estimate.parameters == sum(tensor.numel() * 4 for tensor in kept)
    assert estimate.parameters == walk(NETWORK, SHAPE, 10).parameters * 4 * copies


def test_maps_grow_with_the_batch() -> None:
    network = walk(NETWORK, SHAPE, 10)
    small = training_memory(network, TrainingConfig(batch_size=8))
    large = training_memory(network, TrainingConfig(batch_size=32))
    assert large.maps == 4 * small.maps
    assert large.parameters == small.parameters


def test_what_fits_passes_and_what_does_not_is_refused_with_the_way_out() -> None:
    network = walk(NETWORK, SHAPE, 10)
    check_memory(network, TrainingConfig(), available=10**9)
    with pytest.raises(ConfigError, match=r"doesn't fit into the memory.*smaller batch"):
        check_memory(network, TrainingConfig(batch_size=4096), available=10**9)
    wide = walk(CnnConfig((), hidden=(HiddenLayer(60_000),)), (3, 64, 64), 10)
    with pytest.raises(ConfigError, match="pool more before flattening"):
        check_memory(wide, TrainingConfig(batch_size=1), available=10**9)
