import pytest
import torch

from core.errors import ConfigError
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, HiddenLayer, Pool
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.training.config import Optimizer, Precision, TrainingConfig
from core.training.memory import (
    USUAL_BASE,
    expected_precision,
    known_base,
    piece_that_fits,
    remember_base,
    training_memory,
)
from core.workspace import Workspace

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


def test_maps_grow_with_the_pictures_at_once() -> None:
    network = walk(NETWORK, SHAPE, 10)
    small = training_memory(network, TrainingConfig(batch_size=8))
    large = training_memory(network, TrainingConfig(batch_size=32))
    assert large.maps == pytest.approx(4 * small.maps, rel=0.01)
    assert large.parameters == small.parameters
    assert training_memory(network, TrainingConfig(batch_size=32), piece=8) == small


def test_a_validation_takes_its_own_maps_in_float32_however_small_the_batch() -> None:
    network = walk(NETWORK, (3, 64, 64), 10)
    small, large = (training_memory(network, TrainingConfig(batch_size=size)) for size in (2, 64))
    widest = 64 * (16 + 16) * 64 * 64 * 4  # 2**18 / 64**2 pictures in and out of the first batch norm
    assert small.validation == large.validation == widest
    assert large.total == large.base + large.parameters + large.maps + large.validation


@pytest.mark.parametrize(
    ("chosen", "computes", "expected"),
    [
        (Precision.AUTO, True, Precision.BFLOAT16),
        (Precision.AUTO, False, Precision.FLOAT32),
        (Precision.FLOAT32, True, Precision.FLOAT32),
        (Precision.BFLOAT16, False, Precision.BFLOAT16),
    ],
)
def test_bfloat16_is_expected_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, chosen: Precision, computes: bool, expected: Precision
) -> None:
    monkeypatch.setattr("core.training.memory.computes_bfloat16", lambda: computes)
    assert expected_precision(TrainingConfig(precision=chosen)) is expected


def test_what_does_not_fit_goes_through_in_halves_until_it_does() -> None:
    network = walk(NETWORK, SHAPE, 10)
    training = TrainingConfig(batch_size=1024)
    assert piece_that_fits(network, training, available=10**12) == 1024
    for piece in (512, 64, 2):
        room = training_memory(network, training, piece=piece).total
        assert piece_that_fits(network, training, available=room) == piece


def test_what_never_fits_is_refused_with_the_way_out() -> None:
    deep = walk(CnnConfig((ConvBlock(64, pool=Pool.NONE),) * 8), (3, 512, 512), 2)
    with pytest.raises(ConfigError, match=r"even in the smallest pieces.*smaller pictures or fewer filters"):
        piece_that_fits(deep, TrainingConfig(batch_size=32), available=10**9)
    wide = walk(CnnConfig((), hidden=(HiddenLayer(60_000),)), (3, 64, 64), 10)
    with pytest.raises(ConfigError, match="pool more before flattening"):
        piece_that_fits(wide, TrainingConfig(batch_size=1), available=10**9)


def test_the_base_is_what_a_worker_last_held(workspace: Workspace) -> None:
    assert known_base(workspace) == USUAL_BASE
    remember_base(workspace, 123)
    assert known_base(workspace) == 123
    remember_base(workspace, None)
    assert known_base(workspace) == 123
    (base_file,) = (workspace.caches / "calibration").iterdir()
    base_file.write_text("not JSON")
    assert known_base(workspace) == USUAL_BASE
