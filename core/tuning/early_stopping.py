"""When a trial is not worth going on: it is worse than most others were at the same epoch.

The rules are those of Ax's `PercentileEarlyStoppingStrategy` and of Ray Tune's `ASHAScheduler` (tests hold
them to these); here they serve every method of search alike, need neither, and can say why.
"""

from collections.abc import Sequence

import numpy as np

from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, TrialState

MIN_FINISHED = 3  # trials, before any is stopped
FIRST_EPOCH = 1  # after which a trial may be stopped


def reason_to_stop(config: StudyConfig, trial: Trial, trials: Sequence[Trial], judged: int) -> str:
    """Why `trial`, one of `trials`, is to be stopped after its last epoch so far; empty to let it go on.

    It has been judged before, after its first `judged` epochs.
    """
    higher_is_better, epochs = config.watched == "valid_accuracy", config.base.training.epochs
    if config.worse_than is not None:
        return reason_by_percentile(
            trial, trials, worse_than=config.worse_than, higher_is_better=higher_is_better, epochs=epochs
        )
    if config.halving is not None:
        return reason_by_halving(
            trial, trials, judged, one_of=config.halving, higher_is_better=higher_is_better, epochs=epochs
        )
    return ""


def reason_by_percentile(
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


def reason_by_halving(
    trial: Trial,
    trials: Sequence[Trial],
    judged: int,
    *,
    one_of: int,
    higher_is_better: bool,
    epochs: int,
) -> str:
    """Why `trial` is to be stopped at a rung, in words; empty to let it go on.

    Rungs are after 1, `one_of`, `one_of`², ... epochs. At each, the best of every `one_of` trials that have
    come there so far go on, by asynchronous successive halving (Li et al. 2020). A trial is judged once at
    each: what comes there after it changes nothing.
    """
    reached = [rung for rung in rungs(one_of, epochs) if judged < rung <= len(trial.curve)]
    if not reached or len(trial.curve) >= epochs:
        return ""
    epoch = reached[-1]
    others = [
        other.curve[epoch - 1]
        for other in trials
        if other.number != trial.number and len(other.curve) >= epoch
    ]
    if not others:
        return ""
    sign = 1 if higher_is_better else -1
    own = sign * trial.curve[epoch - 1]
    if own >= np.quantile(sign * np.array(others), 1 - 1 / one_of):
        return ""
    better = sum(sign * value > own for value in others)
    return (
        f"stopped at epoch {epoch}: not among the best of every {one_of} trials that came so far "
        f"({better} of {len(others)} others were better)"
    )


def rungs(one_of: int, epochs: int) -> list[int]:
    """The epochs after which successive halving decides."""
    found = [1]
    while found[-1] * one_of < epochs:
        found.append(found[-1] * one_of)
    return found
