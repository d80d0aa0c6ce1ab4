"""How much each pixel adds to a score (integrated gradients, Sundararajan et al. 2017)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.data.parallel import Progress, StopCheck, never
from core.errors import Cancelled
from core.insight.stand_in import gradients, pictures_a_pass, stand_in
from core.insight.target import class_score

AT_224 = 2  # pictures in one pass, forward and backward


@dataclass(frozen=True)
class Integrated:
    """`values` (H, W) are the sums over the channels; in theory they add up to `score` - `baseline_score`.

    `gap` is what they add up to beyond that: the error of taking so few steps.
    """

    score: float
    baseline_score: float
    values: np.ndarray
    gap: float


def integrated_gradients(
    model: nn.Module,
    x: Tensor,
    target: int,
    baseline: Tensor,
    steps: int,
    *,
    single_logit: bool,
    should_stop: StopCheck = never,
    on_progress: Progress = lambda done, total, what: None,
) -> Integrated:
    """The mean of d score / d pixel at `steps` pictures from `baseline` to `x`, times their difference.

    `x` and `baseline` are float32 (1, C, H, W). Steps and weights are those of Gauss and Legendre.

    Raises:
        Cancelled: `should_stop` said so between two passes.
        ConfigError: there is no such class.
    """
    from captum.attr import IntegratedGradients  # half a second that only this method needs

    network = stand_in(model)
    batch = pictures_a_pass(x, at_224=AT_224)
    done = 0

    def scores(pictures: Tensor) -> Tensor:
        nonlocal done
        if should_stop():
            raise Cancelled
        on_progress(done, steps, "steps from the baseline to the picture")
        done += len(pictures)
        # a network may begin with an operation in place, which no leaf allows
        return class_score(network(pictures.clone()), target, single_logit=single_logit)

    with gradients():
        picture, start = x.detach().clone(), baseline.detach().clone()
        with torch.no_grad():
            score, baseline_score = class_score(
                network(torch.cat([picture, start])), target, single_logit=single_logit
            ).tolist()
        (added,) = IntegratedGradients(scores).attribute(
            (picture,), (start,), n_steps=steps, internal_batch_size=batch
        )
    on_progress(steps, steps, "steps from the baseline to the picture")
    total = added.double().sum().item()
    return Integrated(
        score, baseline_score, added.detach()[0].sum(0).numpy(), total - (score - baseline_score)
    )
