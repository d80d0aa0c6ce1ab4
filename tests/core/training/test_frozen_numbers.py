from pathlib import Path

import pytest
import torch
from torch import nn

import core.training.frozen_numbers as frozen_numbers
from core.training.config import Precision
from core.training.frozen_numbers import Numbers, load_numbers, measure_numbers, numbers_file
from core.workspace import Workspace


class Cancelling(nn.Module):
    """Small differences of large values: what bfloat16 can't hold."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1000.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x + self.scale) - self.scale


class Float32Only(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dtype is not torch.float32:
            raise RuntimeError("not implemented for 'BFloat16'")
        return x


SMALL = nn.Conv2d(3, 4, 3)


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(frozen_numbers, "_has_bfloat16", lambda: True)
    return tmp_path / "some" / "file.json"


def taking(monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float) -> None:
    """As if the passes had taken these seconds."""
    seconds = {Precision.FLOAT32: float32, Precision.BFLOAT16: bfloat16}
    monkeypatch.setattr(
        frozen_numbers, "_seconds", lambda ways, pictures: {way: seconds[way] for way in ways}
    )


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [
        (2.0, 1.0, Precision.BFLOAT16),
        (1.0, 0.95, Precision.FLOAT32),  # not worth its digits
        (1.0, 9.0, Precision.FLOAT32),  # only imitated
    ],
)
def test_bfloat16_is_taken_where_it_is_faster(
    stored: Path, monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, chosen: Precision
) -> None:
    taking(monkeypatch, float32, bfloat16)
    found = measure_numbers(SMALL, torch.rand(4, 3, 8, 8), stored)
    assert found.precision is chosen
    assert found.cosine is not None
    assert found.cosine > 0.999
    assert found.seconds_a_picture(Precision.FLOAT32) == float32 / 4
    assert found.seconds_a_picture(Precision.BFLOAT16) == bfloat16 / 4
    assert load_numbers(stored) == found


@pytest.mark.parametrize("model", [Cancelling(), Float32Only()])
def test_bfloat16_that_changes_what_comes_out_is_not_taken(
    stored: Path, monkeypatch: pytest.MonkeyPatch, model: nn.Module
) -> None:
    taking(monkeypatch, 2.0, 1.0)
    found = measure_numbers(model, torch.rand(4, 3, 8, 8), stored)
    assert found.precision is Precision.FLOAT32
    assert found.cosine is None or found.cosine < 0.999


def test_a_processor_without_bfloat16_is_not_asked(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen_numbers, "_has_bfloat16", lambda: False)
    found = measure_numbers(SMALL, torch.randn(2, 3, 8, 8), stored)
    assert found.precision is Precision.FLOAT32
    assert found.milliseconds.keys() == {"float32"}
    assert found.seconds_a_picture(Precision.BFLOAT16) is None


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text('{"precision": "float64"}')
    assert load_numbers(tmp_path / "file.json") is None
    assert load_numbers(tmp_path / "none.json") is None
    assert Numbers(Precision.FLOAT32, {}, 8).seconds_a_picture(Precision.FLOAT32) is None


def test_each_network_and_device_has_its_own(workspace: Workspace) -> None:
    files = {numbers_file(workspace, key, device) for key in "ab" for device in ("cpu", "cuda:0")}
    assert len(files) == 4
