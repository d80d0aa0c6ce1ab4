from pathlib import Path

import pytest
import torch
from torch import nn

import core.training.frozen_numbers as frozen_numbers
from core.training.config import Precision
from core.training.frozen_numbers import in_numbers, load_numbers, numbers_of


class Slow(nn.Module):
    """Takes longer in some numbers; `error` is what it adds to bfloat16."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.error = error

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        short = self.weight.dtype is torch.bfloat16
        values = x.flatten(1) * self.weight
        return values + self.error * torch.randn_like(values) if short else values


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(frozen_numbers, "_has_bfloat16", lambda: True)
    return tmp_path / "calibration" / "frozen.json"


def taking(monkeypatch: pytest.MonkeyPatch, long: float, short: float) -> None:
    timed = frozen_numbers._timed

    def as_if(prefix: nn.Module, pictures: torch.Tensor) -> tuple[torch.Tensor, float]:
        rows, _ = timed(prefix, pictures)
        return rows, short if pictures.dtype is torch.bfloat16 else long

    monkeypatch.setattr(frozen_numbers, "_timed", as_if)


@pytest.mark.parametrize(
    ("long", "short", "error", "expected"),
    [
        (1.0, 0.5, 0.0, Precision.BFLOAT16),
        (1.0, 0.95, 0.0, Precision.FLOAT32),  # not worth its digits
        (1.0, 8.0, 0.0, Precision.FLOAT32),  # only imitated
        (1.0, 0.5, 5.0, Precision.FLOAT32),  # makes something else of a picture
    ],
)
def test_bfloat16_is_taken_where_it_is_faster_and_the_same(
    stored: Path,
    monkeypatch: pytest.MonkeyPatch,
    long: float,
    short: float,
    error: float,
    expected: Precision,
) -> None:
    torch.manual_seed(0)
    taking(monkeypatch, long, short)
    numbers = numbers_of(Slow(error), torch.randn(4, 3, 8, 8), stored, Precision.AUTO)
    assert numbers.precision is expected
    assert load_numbers(stored) == numbers
    assert numbers.seconds_a_picture == (short if expected is Precision.BFLOAT16 else long)


def test_it_is_measured_once_and_what_is_asked_for_is_not_measured(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = torch.randn(4, 3, 8, 8)
    assert numbers_of(Slow(), pictures, stored, Precision.BFLOAT16).precision is Precision.BFLOAT16
    assert load_numbers(stored) is None
    first = numbers_of(Slow(), pictures, stored, Precision.AUTO)
    monkeypatch.setattr(frozen_numbers, "_timed", None)
    assert numbers_of(Slow(), pictures, stored, Precision.AUTO) == first


def test_a_processor_without_bfloat16_is_not_asked(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_numbers, "_has_bfloat16", lambda: False)
    monkeypatch.setattr(frozen_numbers, "_timed", None)
    numbers = numbers_of(Slow(), torch.randn(2, 3, 8, 8), stored, Precision.AUTO)
    assert numbers.precision is Precision.FLOAT32


def test_the_network_itself_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout()).train()
    short = in_numbers(network, Precision.BFLOAT16)
    assert {parameter.dtype for parameter in short.parameters()} == {torch.bfloat16}
    assert not short.training
    assert not any(parameter.requires_grad for parameter in short.parameters())
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
