import logging
from types import SimpleNamespace

import numpy as np
import pytest

from core.tuning.early_stopping import MIN_FINISHED, reason_by_halving, reason_by_percentile, rungs
from core.tuning.trials import Trial, TrialState

SETTINGS = {"worse_than": 75, "higher_is_better": True, "epochs": 5}


def finished(number: int, *curve: float) -> Trial:
    return Trial(number, {}, TrialState.FINISHED, curve=curve)


def running(number: int, *curve: float) -> Trial:
    return Trial(number, {}, TrialState.RUNNING, curve=curve)


GOOD = [finished(n, 0.5 + n / 10, 0.9, 0.9, 0.9, 0.9) for n in (1, 2, 3)]


def test_a_bad_trial_is_stopped_with_the_reason_in_words() -> None:
    bad = running(4, 0.1)
    reason = reason_by_percentile(bad, [*GOOD, bad], **SETTINGS)
    assert reason == (
        "stopped at epoch 1: worse than 75 % of trials at that point (3 of 3 others were better)"
    )


def test_a_good_one_goes_on_and_so_does_one_at_its_end() -> None:
    good, at_the_end = running(4, 0.95), running(4, 0.1, 0.1, 0.1, 0.1, 0.1)
    assert not reason_by_percentile(good, [*GOOD, good], **SETTINGS)
    assert not reason_by_percentile(at_the_end, [*GOOD, at_the_end], **SETTINGS)
    assert not reason_by_percentile(running(4), [*GOOD, running(4)], **SETTINGS)


def test_nothing_is_stopped_before_enough_have_finished() -> None:
    bad = running(4, 0.1)
    assert not reason_by_percentile(bad, [*GOOD[1:], bad], **SETTINGS)


def test_of_a_loss_the_lower_is_better() -> None:
    high = running(4, 2.0)
    assert reason_by_percentile(high, [*GOOD, high], **{**SETTINGS, "higher_is_better": False})
    assert not reason_by_percentile(high, [*GOOD, high], **SETTINGS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_the_rule_is_that_of_ax(higher_is_better: bool) -> None:
    from ax.api.client import Client
    from ax.api.configs import RangeParameterConfig
    from ax.early_stopping.strategies.percentile import PercentileEarlyStoppingStrategy

    logging.getLogger("ax").setLevel(logging.CRITICAL)
    client = Client()
    client.configure_experiment([RangeParameterConfig("x", (0, 1), "float")])
    client.configure_optimization("score" if higher_is_better else "-score")
    percentile = 25
    client.set_early_stopping_strategy(
        PercentileEarlyStoppingStrategy(
            percentile_threshold=percentile, min_progression=1, min_curves=MIN_FINISHED
        )
    )
    generator = np.random.default_rng(0)
    settings = {"worse_than": 100 - percentile, "higher_is_better": higher_is_better, "epochs": 5}
    trials: list[Trial] = []
    stopped = 0
    for number in range(1, 16):
        index = client.attach_trial({"x": number / 20})
        trial = running(number)
        for epoch in range(1, 5):
            value = round(float(generator.normal()), 1)  # so that some are equal
            client.attach_data(index, {"score": value}, progression=epoch)
            trial = running(number, *trial.curve, value)
            reason = reason_by_percentile(trial, [*trials, trial], **settings)
            assert bool(reason) == client.should_stop_trial_early(index)
            if reason:
                stopped += 1
                client.mark_trial_early_stopped(index)
                trials.append(Trial(number, {}, TrialState.STOPPED_EARLY, curve=trial.curve))
                break
        else:
            client.complete_trial(index)
            trials.append(finished(number, *trial.curve))
    assert 3 <= stopped <= 12


HALVING = {"one_of": 3, "higher_is_better": True, "epochs": 10}


def test_successive_halving_judges_a_trial_once_at_each_rung() -> None:
    assert rungs(3, 10) == [1, 3, 9]
    assert rungs(3, 9) == [1, 3]
    bad = running(4, 0.1)
    reason = "stopped at epoch 1: not among the best of every 3 trials that came so far "
    assert reason_by_halving(bad, [*GOOD, bad], 0, **HALVING) == f"{reason}(3 of 3 others were better)"
    assert not reason_by_halving(bad, [bad], 0, **HALVING)
    second = running(4, 0.1, 0.1)
    assert not reason_by_halving(second, [*GOOD, second], 1, **HALVING)
    assert reason_by_halving(second, [*GOOD, second], 0, **HALVING)  # both epochs came at one look


@pytest.mark.slow
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_the_other_rule_is_that_of_ray_tune(higher_is_better: bool) -> None:
    bracket = pytest.importorskip("ray.tune.schedulers.async_hyperband")._Bracket(1, 20, 3, 0)
    settings = {"one_of": 3, "higher_is_better": higher_is_better, "epochs": 20}
    generator = np.random.default_rng(1)
    sign = 1 if higher_is_better else -1
    trials = {number: running(number) for number in range(1, 21)}
    stopped: set[int] = set()
    for _ in range(300):
        number = int(generator.integers(1, 21))
        before = trials[number]
        if number in stopped or len(before.curve) == 19:
            continue
        value = round(float(generator.normal()), 1)  # so that some are equal
        trial = trials[number] = running(number, *before.curve, value)
        asked = SimpleNamespace(trial_id=str(number))
        answer = bracket.on_result(asked, len(trial.curve), sign * value)
        reason = reason_by_halving(trial, list(trials.values()), len(before.curve), **settings)
        assert bool(reason) == (answer == "STOP")
        if reason:
            stopped.add(number)
    assert 5 <= len(stopped) <= 18
