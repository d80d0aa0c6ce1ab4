import pytest
import torch

from core.errors import ConfigError
from core.insight.target import class_score


def test_the_score_is_the_logit_of_the_class() -> None:
    logits = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, 6.0]])
    assert class_score(logits, 1, single_logit=False).tolist() == [-2.0, 5.0]


def test_one_logit_is_the_second_classes_score_and_minus_it_the_firsts() -> None:
    logits = torch.tensor([[0.7], [-0.3]])
    first, second = (class_score(logits, target, single_logit=True) for target in (0, 1))
    assert torch.equal(second, logits[:, 0])
    assert torch.equal(first, -logits[:, 0])
    assert torch.allclose(torch.sigmoid(first) + torch.sigmoid(second), torch.ones(2))


@pytest.mark.parametrize(("outputs", "single", "target"), [(3, False, 3), (3, False, -1), (1, True, 2)])
def test_a_class_that_is_not_there_is_refused(outputs: int, single: bool, target: int) -> None:
    with pytest.raises(ConfigError, match="class is out of range"):
        class_score(torch.zeros(1, outputs), target, single_logit=single)
