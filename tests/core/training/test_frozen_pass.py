import threading

import pytest
import torch
from torch import nn

from core.models.backbone_preprocessing import BackbonePreprocessing
from core.training.config import Precision
from core.training.frozen_pass import PART, batch_for, outputs_of, prepared


def used() -> nn.Module:
    """With statistics that are not the initial ones."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Dropout())
    model(4 * torch.rand(8, 3, 9, 9) + 1)
    return model


def test_of_large_pictures_fewer_go_together() -> None:
    def batch(crop: int) -> int:
        return batch_for(BackbonePreprocessing(crop, crop, (0.0,) * 3, (1.0,) * 3))

    assert [batch(crop) for crop in (8, 224, 448, 2048)] == [32, 32, 8, 4]


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_batch_norm_is_folded_and_changes_nothing(precision: Precision) -> None:
    model = used()
    x = torch.rand(4, 3, 9, 9)
    network = prepared(model, precision)
    found = outputs_of(network, x.to(next(network.parameters()).dtype))
    tolerance = 2e-2 if precision is Precision.BFLOAT16 else 1e-5
    torch.testing.assert_close(found.float(), model.eval()(x), atol=tolerance, rtol=tolerance)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_the_network_itself_stays_as_it_is() -> None:
    model = used()
    short = prepared(model, Precision.BFLOAT16)
    assert {parameter.dtype for parameter in short.parameters()} == {torch.bfloat16}
    assert not short.training
    assert not any(parameter.requires_grad for parameter in short.parameters())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model.training
    assert isinstance(model[1], nn.BatchNorm2d)
    assert all(parameter.requires_grad for parameter in model.parameters())


class Branching(nn.Module):
    """Can't be traced: its path depends on the values."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


def test_a_network_that_cannot_be_traced_works_as_it_is() -> None:
    x = torch.rand(3, 2, 4, 4)
    assert torch.equal(outputs_of(prepared(Branching(), Precision.FLOAT32), x), x)


class Recording(nn.Module):
    """What it was called with: the threads of torch, those that called, and how many pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[int, int, int]] = []
        self.together = threading.Barrier(2, timeout=10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) >= PART:
            self.together.wait()  # breaks unless two are at work at once
        self.calls.append((torch.get_num_threads(), threading.get_ident(), len(x)))
        return 2 * x


@pytest.mark.parametrize(
    ("threads", "count", "expected"),
    [(2, 2 * PART + 1, [(1, PART), (1, PART + 1)]), (4, 2 * PART, [(2, PART)] * 2), (2, 3, [(2, 3)])],
)
def test_cores_have_pictures_of_their_own(threads: int, count: int, expected: list[tuple[int, int]]) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        model, x = Recording(), torch.rand(count, 2, 4, 4).to(memory_format=torch.channels_last)
        found = outputs_of(model, x)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found, 2 * x)
    assert not found.requires_grad
    assert sorted((own, pictures) for own, _, pictures in model.calls) == expected
    assert len({thread for _, thread, _ in model.calls}) == len(expected)


def test_an_error_of_a_part_comes_through_and_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        outputs_of(nn.Linear(3, 2), torch.rand(20, 4))
    assert torch.get_num_threads() == before
