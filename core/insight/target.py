"""The score of one class, which an explanation explains."""

from torch import Tensor

from core.limits import check_range


def class_score(logits: Tensor, target: int, *, single_logit: bool) -> Tensor:
    """The score (B,) of class `target` from `logits` (B, K), before any softmax.

    With `single_logit`, K = 1: the one logit z is the second class's score and -z the first's, for
    sigmoid(z) is the second's probability and sigmoid(-z) the first's.

    Raises:
        ConfigError: there is no such class.
    """
    if single_logit:
        check_range("class", target, 0, 1)
        return logits[:, 0] if target else -logits[:, 0]
    check_range("class", target, 0, logits.shape[1] - 1)
    return logits[:, target]
