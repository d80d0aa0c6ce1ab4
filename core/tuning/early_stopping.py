"""When a trial is not worth going on: it is worse than most others were at the same epoch.

The rule is that of Ax's `PercentileEarlyStoppingStrategy` (a test holds it to that); here it serves every
method of search alike, needs no Ax, and can say why.
"""

from collections.abc import Sequence

import numpy as np

from core.tuning.trials import Trial, TrialState

MIN_FINISHED = 3  # trials, before any is stopped
FIRST_EPOCH = 1  # after which a trial may be stopped


def reason_to_stop(
    trial: Trial, trials: Sequence[Trial], *, worse_than: int, higher_is_better: bool, epochs: int
) -> str:
    """Why `trial` is to be stopped after its last epoch so far, in words; empty to let it go on.

    It is worse than the value that `worse_than` per cent of all trials with as many epochs reach, itself
    among them, interpolated as numpy does.
    """
    epoch = len(trial.curve)
    if not FIRST_EPOCH <= epoch < epochs:
        return ""
    finished = sum(other.state is TrialState.FINISHED for other in trials)
    values = [other.curve[epoch - 1] for other in trials if len(other.curve) >= epoch]
    if finished < MIN_FINISHED or len(values) < MIN_FINISHED:
        return ""
    sign = 1 if higher_is_better else -1
    own = sign * trial.curve[-1]
    if own >= np.quantile(sign * np.array(values), 1 - worse_than / 100):
        return ""
    better = sum(sign * value > own for value in values)
    return (
        f"stopped at epoch {epoch}: worse than {worse_than} % of trials at that point "
        f"({better} of {len(values) - 1} others were better)"
    )
