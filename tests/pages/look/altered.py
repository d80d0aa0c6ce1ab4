"""Runs whose network has been changed, so that a page meets a rare case."""

from dataclasses import replace
from typing import Any

import torch

from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, Pool
from core.models.saved_model import SavedModel, load_model_description, save_model_description
from core.runs.store import Run
from core.training.checkpoint import load_tensors

TWO = ("it's [no](x)", "yes")


def as_single_logit(run: Run) -> None:
    """Two classes with one logit."""
    _draw_anew(run, classes=TWO, single_logit=True)


def without_maps(run: Run) -> None:
    """Its only convolution is as large as the picture of 8 x 8, and so puts out a single value a channel."""
    block = ConvBlock(4, kernel=8, padding=0, pool=Pool.NONE)
    _draw_anew(run, cnn=CnnConfig((block,)))


def with_nothing_for(run: Run, target: int, *, other: float = 0.0) -> None:
    """All places of the last maps speak against class `target`, and equally for all others."""
    weights = load_tensors(run.folder / "best.pt")
    weights["conv2.bias"] += 100  # so that all maps are above 0
    head = next(name for name in reversed(weights) if name.endswith("weight"))
    weights[head] = torch.full_like(weights[head], other)
    weights[head][target] = -1
    torch.save(weights, run.folder / "best.pt")


def _draw_anew(run: Run, **changes: Any) -> None:
    """Another network, with weights drawn at random."""
    saved = load_model_description(run.folder)
    assert isinstance(saved, SavedModel)
    saved = replace(saved, **changes)
    torch.manual_seed(3)
    model = build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs)
    save_model_description(run.folder, saved)
    torch.save(model.state_dict(), run.folder / "best.pt")
