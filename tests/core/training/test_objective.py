import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from core.training.config import Loss, TrainingConfig
from core.training.objective import (
    Objective,
    balanced_class_weights,
    make_objective,
    predicted_classes,
    probabilities,
)

LABELS = np.array([0] * 7 + [1] * 2 + [2] * 5)


def test_balanced_weights_equal_scikit_learns() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    assert np.allclose(balanced_class_weights(LABELS, 3), expected)
    assert balanced_class_weights(LABELS, 4)[3] == 1


@pytest.mark.parametrize("loss", list(Loss))
def test_a_class_that_is_only_validated_on_leaves_the_loss_finite(loss: Loss) -> None:
    training = TrainingConfig(loss=loss, class_weights=True)
    objective = make_objective(training, np.array([1] * 5), 2, torch.device("cpu"))
    logits = torch.randn(4, 1 if loss is Loss.SINGLE_LOGIT else 2)
    for label in (0, 1):
        assert torch.isfinite(objective(logits, torch.full((4,), label)))


def test_cross_entropy_is_torchs() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    assert torch.equal(Objective(Loss.CROSS_ENTROPY)(logits, labels), F.cross_entropy(logits, labels))


def test_a_single_logit_and_two_logits_say_the_same() -> None:
    single = torch.randn(50, 1)
    two = torch.cat([torch.zeros_like(single), single], 1)
    labels = torch.randint(2, (50,))
    assert torch.allclose(probabilities(single, Loss.SINGLE_LOGIT), probabilities(two, Loss.CROSS_ENTROPY))
    assert torch.equal(
        predicted_classes(single, Loss.SINGLE_LOGIT), predicted_classes(two, Loss.CROSS_ENTROPY)
    )
    one = Objective(Loss.SINGLE_LOGIT)(single, labels)
    assert torch.allclose(one, Objective(Loss.CROSS_ENTROPY)(two, labels), atol=1e-6)


def test_weights_of_two_classes_become_the_single_logits_pos_weight() -> None:
    labels = np.array([0] * 9 + [1] * 3)
    training = TrainingConfig(loss=Loss.SINGLE_LOGIT, class_weights=True)
    objective = make_objective(training, labels, 2, torch.device("cpu"))
    logits, targets = torch.randn(12, 1), torch.from_numpy(labels)
    expected = F.binary_cross_entropy_with_logits(logits[:, 0], targets.float(), pos_weight=torch.tensor(3.0))
    assert float(objective(logits, targets)) == pytest.approx(float(expected), rel=1e-6)
