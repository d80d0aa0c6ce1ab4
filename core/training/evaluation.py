"""Validation: loss and accuracy of a model on pictures it doesn't learn from, and its predictions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.errors import Cancelled
from core.training.batches import Batcher, LabeledPictures
from core.training.objective import Objective, predicted_classes, probabilities

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Score:
    """Mean loss, and the share of pictures whose most probable class is right (0 to 1)."""

    loss: float
    accuracy: float


def evaluate(
    model: nn.Module,
    data: LabeledPictures,
    batcher: Batcher,
    objective: Objective,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Score:
    """The score of `model` on `data`; the model comes back in the mode it had.

    Raises:
        Cancelled: `should_stop` said so between two batches.
    """
    was_training = model.training
    model.eval()
    loss_sum = torch.zeros((), device=batcher.device)
    correct = torch.zeros((), device=batcher.device)
    try:
        with torch.inference_mode():
            for pictures, labels in batcher.plain_batches(data, EVALUATION_BATCH):
                if should_stop():
                    raise Cancelled
                logits = model(pictures)
                loss_sum += objective(logits, labels) * len(labels)
                correct += (predicted_classes(logits, objective.loss) == labels).sum()
    finally:
        model.train(was_training)
    return Score(float(loss_sum) / len(data), float(correct) / len(data))


def predict_probabilities(
    model: nn.Module, data: LabeledPictures, batcher: Batcher, objective: Objective
) -> np.ndarray:
    """float32 (N, K) class probabilities of `data`, in its order."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = [
                probabilities(model(pictures), objective.loss).cpu().numpy()
                for pictures, _ in batcher.plain_batches(data, EVALUATION_BATCH)
            ]
    finally:
        model.train(was_training)
    return np.concatenate(parts)
