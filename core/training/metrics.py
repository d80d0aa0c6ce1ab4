"""What a confusion matrix tells: precision, recall and F1 of each class, and how sure an accuracy is."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassScore:
    """Shares from 0 to 1; None where there is nothing to divide by. `support` counts true pictures."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def confusion_matrix(targets: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """int (K, K): row t, column p counts the pictures of class t that were taken for class p."""
    cells = np.bincount(targets * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def class_scores(confusion: np.ndarray, labels: tuple[str, ...]) -> list[ClassScore]:
    """One line a class: TP / (TP + FP), TP / (TP + FN), and 2 TP / (2 TP + FP + FN)."""
    scores = []
    for index, label in enumerate(labels):
        hits = int(confusion[index, index])
        called, true = int(confusion[:, index].sum()), int(confusion[index].sum())
        scores.append(
            ClassScore(label, _share(hits, called), _share(hits, true), _share(2 * hits, called + true), true)
        )
    return scores


def accuracy_interval(correct: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of an accuracy measured on `total` pictures."""
    if total == 0:
        return (0.0, 1.0)
    share = correct / total
    center = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (max(0.0, center - half), min(1.0, center + half))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
