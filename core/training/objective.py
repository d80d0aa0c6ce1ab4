"""The loss, and what logits say: softmax over classes, or the sigmoid of a single logit."""

import numpy as np
import torch
from torch import Tensor, nn

from core.training.config import Loss, TrainingConfig


class Objective:
    """Loss and predictions of one training; `class_weights` (K,) or None, on the device."""

    def __init__(self, loss: Loss, class_weights: Tensor | None = None) -> None:
        self.loss = loss
        self._weights = None if loss is Loss.SINGLE_LOGIT else class_weights
        self._criterion: nn.Module
        if loss is Loss.SINGLE_LOGIT:
            positive = None if class_weights is None else class_weights[1] / class_weights[0]
            self._criterion = nn.BCEWithLogitsLoss(pos_weight=positive)
        else:
            self._criterion = nn.CrossEntropyLoss(weight=class_weights)

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of logits (B, K) or (B, 1) against class indices (B,)."""
        if self.loss is Loss.SINGLE_LOGIT:
            return self._criterion(logits.squeeze(1), labels.to(logits.dtype))
        return self._criterion(logits, labels)

    def weight(self, labels: Tensor) -> Tensor | int:
        """What the mean over a batch with these labels (B,) divides by: its pictures, or their weights."""
        return len(labels) if self._weights is None else self._weights[labels].sum()


def probabilities(logits: Tensor, loss: Loss) -> Tensor:
    """Logits (B, K) or (B, 1) as class probabilities (B, K); a single logit is that of class 1."""
    if loss is Loss.SINGLE_LOGIT:
        signed = torch.cat([-logits, logits], 1)  # 1 - sigmoid(logit) would round a small probability to 0
        return torch.sigmoid(signed.float())
    return torch.softmax(logits.float(), 1)


def predicted_classes(logits: Tensor, loss: Loss) -> Tensor:
    """The most probable class (B,) of each picture."""
    if loss is Loss.SINGLE_LOGIT:
        return (logits.squeeze(1) > 0).long()
    return logits.argmax(1)


def balanced_class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """float32 (K,): N / (K * N_c), as scikit-learn's "balanced".

    A class with no pictures gets 1: it can still be validated on, and 0 would leave a batch of it no weight.
    """
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    weights = np.divide(len(labels), classes * counts, out=np.ones(classes), where=counts > 0)
    return weights.astype(np.float32)


def make_objective(
    training: TrainingConfig, labels: np.ndarray, classes: int, device: torch.device
) -> Objective:
    """The objective of a run; `labels` are those of its training pictures."""
    if not training.class_weights:
        return Objective(training.loss)
    weights = torch.from_numpy(balanced_class_weights(labels, classes)).to(device)
    return Objective(training.loss, weights)
