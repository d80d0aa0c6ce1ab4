"""Validation: loss and accuracy of a model on pictures it doesn't learn from, and its predictions.

Always in float32, whatever a run learned in: it is how the model will be used.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import Cancelled
from core.faults import is_out_of_memory
from core.training.batches import Batches
from core.training.evaluation_batch import evaluation_batch
from core.training.kernels import pooled_early
from core.training.objective import Objective, predicted_classes, probabilities
from core.training.run_data import LabeledPictures
from core.training.together import add_up, own_pictures


@dataclass(frozen=True)
class Score:
    """Mean loss, and the share of pictures whose most probable class is right (0 to 1)."""

    loss: float
    accuracy: float


def evaluate(
    model: nn.Module,
    data: LabeledPictures,
    batcher: Batches,
    objective: Objective,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Score:
    """The score of `model` on `data`, of which processes that train together take a share each; the model
    comes back in the mode it had.

    Raises:
        Cancelled: `should_stop` said so between two batches.
    """
    sums = torch.zeros(2, dtype=torch.float64)
    for logits, labels in _forward(model, own_pictures(data), batcher):
        if should_stop():
            raise Cancelled
        loss = objective(logits, labels).double() * len(labels)
        correct = (predicted_classes(logits, objective.loss) == labels).sum()
        sums = sums.to(loss.device) + torch.stack([loss, correct.to(loss.dtype)])
    loss_sum, correct_sum = add_up(sums).tolist()
    return Score(loss_sum / len(data), correct_sum / len(data))


def predict_probabilities(
    model: nn.Module, data: LabeledPictures, batcher: Batches, objective: Objective
) -> np.ndarray:
    """float32 (N, K) class probabilities of `data`, in its order."""
    parts = [
        probabilities(logits, objective.loss).cpu().numpy() for logits, _ in _forward(model, data, batcher)
    ]
    return np.concatenate(parts)


def _forward(model: nn.Module, data: LabeledPictures, batcher: Batches) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits and labels batch by batch; a batch that doesn't fit into the memory goes through in halves."""
    was_training = model.training
    model.eval()
    forward = pooled_early(model)
    piece = evaluation_batch(batcher.side, batcher.device.type)
    try:
        with torch.inference_mode():
            for batch in batcher.plain_batches(data, piece):
                logits = None
                while logits is None:
                    try:
                        logits = torch.cat([forward(part) for part in batch.pictures.split(piece)])
                    except RuntimeError as error:
                        if piece == 1 or not is_out_of_memory(error):
                            raise
                        piece = -(-piece // 2)
                yield logits, batch.labels
    finally:
        model.train(was_training)
