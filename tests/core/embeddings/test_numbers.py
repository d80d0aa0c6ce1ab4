from pathlib import Path

import pytest
import torch
from torch import nn

from core.embeddings import numbers
from core.embeddings.numbers import (
    features_of,
    in_numbers,
    load_numbers,
    measure_numbers,
    numbers_file,
)
from core.training.config import Precision
from core.workspace import Workspace
from tests.core.embeddings.tiny import tiny_extractor


def fake_times(monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float) -> None:
    """As if the passes had taken these seconds."""
    seconds = {Precision.FLOAT32: float32, Precision.BFLOAT16: bfloat16}
    monkeypatch.setattr(numbers, "_seconds", lambda ways, pictures: {way: seconds[way] for way in ways})


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [(2.0, 1.0, Precision.BFLOAT16), (1.0, 0.95, Precision.FLOAT32), (1.0, 9.0, Precision.FLOAT32)],
)
def test_bfloat16_is_taken_where_it_is_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, chosen: Precision
) -> None:
    fake_times(monkeypatch, float32, bfloat16)
    stored = tmp_path / "some" / "file.json"
    found = measure_numbers(tiny_extractor().model, torch.rand(4, 3, 8, 8), stored)
    assert found.precision is chosen
    assert found.cosine is not None
    assert found.cosine > 0.999
    assert found.milliseconds == {"float32": 1000 * float32, "bfloat16": 1000 * bfloat16}
    assert load_numbers(stored) == found


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


@pytest.mark.parametrize("model", [Cancelling(), Float32Only()])
def test_bfloat16_that_changes_the_features_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: nn.Module
) -> None:
    fake_times(monkeypatch, 2.0, 1.0)
    found = measure_numbers(model, torch.rand(4, 3, 8, 8), tmp_path / "file.json")
    assert found.precision is Precision.FLOAT32
    assert found.cosine is None or found.cosine < 0.999


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text('{"precision": "float64"}')
    assert load_numbers(tmp_path / "file.json") is None
    assert load_numbers(tmp_path / "none.json") is None


def test_each_backbone_and_device_has_its_own(workspace: Workspace) -> None:
    files = {numbers_file(workspace, key, device) for key in "ab" for device in ("cpu", "cuda:0")}
    assert len(files) == 4


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_batch_norm_is_folded_and_changes_nothing(precision: Precision) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU())
    model(4 * torch.rand(8, 3, 9, 9) + 1)  # so that its statistics are not the initial ones
    model.eval()
    x = torch.rand(4, 3, 9, 9)
    prepared = in_numbers(model, precision)
    expected = features_of(model, x)
    found = features_of(prepared, x.to(next(prepared.parameters()).dtype))
    tolerance = 2e-2 if precision is Precision.BFLOAT16 else 1e-5
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=tolerance)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in prepared.modules())
    assert isinstance(model[1], nn.BatchNorm2d)


def test_the_model_itself_keeps_its_numbers() -> None:
    model = tiny_extractor().model
    short = in_numbers(model, Precision.BFLOAT16)
    assert next(short.parameters()).dtype is torch.bfloat16
    assert next(model.parameters()).dtype is torch.float32
    rows = features_of(short, torch.rand(2, 3, 8, 8).bfloat16())
    assert (rows.dtype, rows.shape) == (torch.float32, (2, 12))
