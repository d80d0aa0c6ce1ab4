from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import core.tuning.study as module
from core.errors import ConfigError
from core.tuning.best import best_config, best_of
from core.tuning.parameters import Choice, Range
from core.tuning.search import search_of
from core.tuning.space import Space
from core.tuning.study import MOST_DEATHS, MOST_FAILED, Sight, Study
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial, Trials, TrialState, load_trials
from tests.core.tuning.bases import RATE, Computed, cnn_base, study_of

RANDOM = study_of(method=Method.RANDOM, trials=5, worse_than=None)


def rate(values) -> float:
    return float(values["learning_rate"])


def sitting(folder: Path, config: StudyConfig = RANDOM, runner=None, **settings) -> Study:
    return Study(config, folder, search_of(config), runner or Computed(rate), **settings)


def run_to_the_end(study: Study) -> Study:
    study.take_up()
    while study.step():
        pass
    return study


def states(study: Study) -> list[TrialState]:
    return [trial.state for trial in study.trials.all]


def test_a_study_runs_its_budget_and_keeps_all_on_disk(tmp_path: Path) -> None:
    study = run_to_the_end(sitting(tmp_path))
    assert states(study) == [TrialState.FINISHED] * 5
    assert study.trials.end == "all 5 trials are done"
    kept = load_trials(tmp_path)
    assert kept.all == study.trials.all
    assert [trial.score for trial in kept.all] == [rate(trial.values) for trial in kept.all]
    assert all(trial.seconds is not None for trial in kept.all)


def test_more_trials_go_on_after_the_last(tmp_path: Path) -> None:
    first = run_to_the_end(sitting(tmp_path)).trials.all
    more = run_to_the_end(sitting(tmp_path, replace(RANDOM, trials=8))).trials.all
    assert more[:5] == first
    assert len(more) == 8


def sitting_elsewhere(tmp_path: Path, config: StudyConfig) -> Study:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return sitting(folder, config)


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_study_killed_after_any_write_loses_no_trial_and_runs_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    config = replace(RANDOM, at_once=at_once)
    undisturbed = run_to_the_end(sitting_elsewhere(tmp_path, config))
    save, kills, finished = module.save_trials, 0, {}
    runner = Computed(rate, looks=2)

    def save_and_die(folder: Path, trials: Trials) -> None:
        nonlocal kills
        save(folder, trials)
        if not trials.end:
            kills += 1
            raise Killed

    monkeypatch.setattr(module, "save_trials", save_and_die)

    while True:
        try:
            study = run_to_the_end(sitting(tmp_path, config, runner))
            break
        except Killed:
            now = {trial.number: trial for trial in load_trials(tmp_path).all if not trial.state.is_open}
            assert all(now[number] == trial for number, trial in finished.items())
            finished = now
    assert kills > 10
    assert states(study) == [TrialState.FINISHED] * 5
    assert [trial.values for trial in study.trials.all] == [trial.values for trial in undisturbed.trials.all]


def test_bad_trials_are_stopped_and_the_reason_is_kept(tmp_path: Path) -> None:
    config = study_of(Space((Range("rotation", 0, 30, steps=8),)), method=Method.GRID, trials=8)
    runner = Computed(lambda values: 1 - float(values["rotation"]) / 40, looks=4)
    study = run_to_the_end(sitting(tmp_path, config, runner))
    ends = Counter(states(study))
    assert ends[TrialState.STOPPED_EARLY] >= 3
    assert states(study)[:3] == [TrialState.FINISHED] * 3
    for trial in study.trials.all[3:]:
        if trial.state is TrialState.STOPPED_EARLY:
            assert trial.reason.startswith("stopped at epoch 1: worse than 75 % of trials at that point")
            assert trial.score is not None
    assert "(3 of 3 others were better)" in study.trials.all[3].reason


def test_an_early_stop_survives_a_kill(tmp_path: Path) -> None:
    runner = Computed(rate, looks=3)
    study = sitting(tmp_path, runner=runner)
    study.step()
    study._put(replace(study.trials.all[0], reason="stopped at epoch 1: worse"))
    assert not runner.stopped
    again = sitting(tmp_path, runner=runner)
    again.take_up()
    again.step()
    assert runner.stopped == [1]


def test_impossible_points_cost_no_trial(tmp_path: Path) -> None:
    space = Space((Range("blocks", 1, 6, integer=True, steps=6),))
    study = run_to_the_end(
        sitting(tmp_path, study_of(space, method=Method.GRID), Computed(lambda values: 0.5))
    )
    assert states(study) == [TrialState.FINISHED] * 4 + [TrialState.IMPOSSIBLE] * 2
    assert "pool" in study.trials.all[-1].reason
    assert study.trials.counted == 4
    assert study.trials.end == "every point of the space has been tried"


def test_a_grid_gets_past_any_number_of_impossible_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_IMPOSSIBLE", 2)
    space = Space((Choice("kernel", (3, 999, 998, 997, 5)),))
    study = run_to_the_end(
        sitting(tmp_path, study_of(space, method=Method.GRID), Computed(lambda values: 0.5))
    )
    assert Counter(states(study)) == {TrialState.FINISHED: 2, TrialState.IMPOSSIBLE: 3}


def test_a_space_of_impossible_points_ends(tmp_path: Path) -> None:
    space = Space((Range("blocks", 5, 9, integer=True), Range("dropout", 0, 0.5)))
    study = run_to_the_end(sitting(tmp_path, study_of(space, method=Method.RANDOM)))
    assert "in a row were impossible" in study.trials.end


class Failing(Computed):
    def look(self, trial: Trial) -> Sight:
        return Sight(TrialState.FAILED, reason="the data set is gone")


class Dying(Computed):
    def look(self, trial: Trial) -> Sight:
        return Sight(TrialState.FAILED, reason="died without a word", died=True)


def test_a_study_whose_trials_all_fail_ends_with_the_reason(tmp_path: Path) -> None:
    study = run_to_the_end(sitting(tmp_path, runner=Failing(rate)))
    assert states(study) == [TrialState.FAILED] * MOST_FAILED
    assert "the data set is gone" in study.trials.end


def test_who_has_mended_what_made_trials_fail_can_go_on(tmp_path: Path) -> None:
    run_to_the_end(sitting(tmp_path, runner=Failing(rate)))
    more = run_to_the_end(sitting(tmp_path, replace(RANDOM, trials=MOST_FAILED + 2)))
    assert states(more) == [TrialState.FAILED] * MOST_FAILED + [TrialState.FINISHED] * 2


def test_a_trial_that_dies_is_started_again_but_not_for_ever(tmp_path: Path) -> None:
    runner = Dying(rate)
    study = run_to_the_end(sitting(tmp_path, replace(RANDOM, trials=1), runner))
    assert runner.started == [1] * (1 + MOST_DEATHS)
    assert states(study) == [TrialState.FAILED]


def test_a_pause_keeps_open_trials_for_later(tmp_path: Path) -> None:
    runner = Computed(rate, looks=3)
    study = sitting(tmp_path, replace(RANDOM, at_once=2), runner)
    study.step()
    study.interrupt()
    assert states(study) == [TrialState.INTERRUPTED] * 2
    assert load_trials(tmp_path).all == study.trials.all
    runner.paused.clear()
    assert states(run_to_the_end(sitting(tmp_path, RANDOM, runner))) == [TrialState.FINISHED] * 5


def test_a_stop_ends_open_trials_for_good(tmp_path: Path) -> None:
    runner = Computed(rate, looks=3)
    study = sitting(tmp_path, RANDOM, runner)
    study.step()
    study.halt()
    assert states(study) == [TrialState.ABANDONED]
    assert study.trials.end == "stopped by you"
    assert not load_trials(tmp_path).open


def test_minutes_are_a_budget_too(tmp_path: Path) -> None:
    now = iter(range(0, 10_000, 7))
    config = replace(RANDOM, trials=None, minutes=2.0)
    study = run_to_the_end(sitting(tmp_path, config, clock=lambda: float(next(now))))
    assert study.trials.end == "the 2 minutes are over"
    assert 1 <= len(study.trials.all) < 30
    assert not study.trials.open


def test_the_best_trains_for_longer_with_its_own_values(tmp_path: Path) -> None:
    config = study_of(
        Space((Choice("batch_size", (16, 32)), *RATE.parameters)), method=Method.RANDOM, trials=4
    )
    trials = run_to_the_end(sitting(tmp_path, config)).trials.all
    best = best_of(config, trials)
    assert best.score == max(trial.score for trial in trials)
    trained = best_config(config, best, 30)
    assert trained.training.learning_rate == best.values["learning_rate"]
    assert (trained.training.epochs, trained.split_id) == (30, cnn_base().split_id)
    with pytest.raises(ConfigError, match="has a score yet"):
        best_of(config, ())
