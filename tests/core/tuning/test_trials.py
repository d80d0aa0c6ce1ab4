from pathlib import Path

import pytest

from core.errors import RunError
from core.tuning.analyses import Analyses, Importance, Slice, load_analyses, save_analyses
from core.tuning.trials import Trial, Trials, TrialState, best_trial, load_trials, pareto_front, save_trials


def scored(number: int, score: float, seconds: float | None = None, **settings) -> Trial:
    return Trial(number, {}, TrialState.FINISHED, score=score, picture_seconds=seconds, **settings)


def test_trials_survive_the_disk(tmp_path: Path) -> None:
    values = {"rate": 1e-3, "on": True, "blocks": 2, "optimizer": "sgd", "whole": 1.0}
    trials = Trials((Trial(1, values, curve=(0.5, 0.6)), scored(2, 0.5)), 12.5, "over")
    save_trials(tmp_path, trials)
    loaded = load_trials(tmp_path)
    assert loaded == trials
    assert [type(value) for value in loaded.all[0].values.values()] == [float, bool, int, str, float]
    assert load_trials(tmp_path / "none") == Trials()
    (tmp_path / "trials.json").write_text('{"all": [1]}')
    with pytest.raises(RunError, match="can't be read"):
        load_trials(tmp_path)


def test_a_trial_takes_the_place_of_its_number() -> None:
    trials = Trials().with_trial(scored(1, 0.1)).with_trial(scored(2, 0.2)).with_trial(scored(1, 0.3))
    assert [trial.score for trial in trials.all] == [0.3, 0.2]


def test_the_best_is_the_first_of_equals() -> None:
    trials = [scored(1, 0.5), scored(2, 0.9), scored(3, 0.9), Trial(4, {})]
    assert best_trial(trials, True).number == 2
    assert best_trial(trials, False).number == 1
    assert best_trial([], True) is None


def test_the_front_holds_what_no_other_beats_in_both() -> None:
    trials = [
        scored(1, 0.9, 2.0),
        scored(2, 0.8, 1.0),
        scored(3, 0.7, 1.5),
        scored(4, 0.9, 3.0),
        scored(5, 0.9),
    ]
    front = {trial.number for trial in pareto_front(trials, True)}
    assert front == {1, 2}
    for trial in trials[:4]:
        beaten = any(
            other.score >= trial.score and other.picture_seconds <= trial.picture_seconds and other != trial
            for other in trials[:4]
        )
        assert beaten is (trial.number not in front)
    assert {trial.number for trial in pareto_front(trials, False)} == {2, 3}


def test_analyses_survive_the_disk(tmp_path: Path) -> None:
    points = (("sgd", 0.5, 0.1), (1e-3, 0.6, 0.2))
    analyses = Analyses(6, (Importance("rate", -0.5),), (Slice("rate", points),))
    save_analyses(tmp_path, analyses)
    assert load_analyses(tmp_path) == analyses
    (tmp_path / "analyses.json").write_text("{")
    assert load_analyses(tmp_path) is None
