import math
from dataclasses import replace

import pytest

from core.tuning.parameters import Choice, Range
from core.tuning.search import GridSearch, RandomSearch, Search, search_of
from core.tuning.space import Space
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial, TrialState
from tests.core.tuning.bases import RATE, cnn_base, study_of

FEW = Space((Choice("optimizer", ("sgd", "adam")), Choice("batch_size", (16, 32))))
MIXED = Space(
    (*RATE.parameters, *FEW.parameters, Range("momentum", 0.5, 0.99), Range("blocks", 1, 3, integer=True))
)


def told(search: Search, trials: list[Trial], trial: Trial) -> list[Trial]:
    search.tell(trial)
    return [*trials, trial]


def run_search(config: StudyConfig, many: int, *, forget_after: int | None = None) -> list[Trial]:
    """Trials whose score is the closer to 1 the closer the learning rate is to 1e-3."""
    search, trials = search_of(config), []
    for number in range(1, many + 1):
        if forget_after == len(trials):  # as after a crash: a new search that is told all again
            search = search_of(config)
            for trial in trials:
                search.tell(trial)
        values = search.propose(trials)
        assert values is not None
        trial = Trial(number, values)
        search.tell(trial)
        score = 1 - abs(math.log10(float(values["learning_rate"])) + 3) / 4
        trials = told(search, trials, replace(trial, state=TrialState.FINISHED, score=score))
    return trials


def test_a_grid_ends_after_its_last_point() -> None:
    search, trials = GridSearch(FEW, cnn_base()), []
    while (values := search.propose(trials)) is not None:
        trials.append(Trial(len(trials) + 1, values))
    assert [trial.values for trial in trials] == FEW.grid(cnn_base())


def test_chance_takes_no_point_twice_and_ends_when_there_are_no_more() -> None:
    search, trials = RandomSearch(FEW, cnn_base(), 0), []
    while (values := search.propose(trials)) is not None:
        trials.append(Trial(len(trials) + 1, values))
    assert len(trials) == FEW.count == 4
    assert len({tuple(trial.values.items()) for trial in trials}) == 4


def test_the_seed_decides_over_chance() -> None:
    config = study_of(MIXED, method=Method.RANDOM)
    first = [trial.values for trial in run_search(config, 6)]
    assert [trial.values for trial in run_search(config, 6, forget_after=3)] == first
    assert [trial.values for trial in run_search(replace(config, seed=1), 6)] != first
    assert all(("momentum" in values) is (values["optimizer"] == "sgd") for values in first)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
class TestAx:
    def test_a_crash_changes_no_proposal(self) -> None:
        config = study_of(method=Method.AX)
        trials = run_search(config, 7)
        again = run_search(config, 7, forget_after=6)
        assert [t.values["learning_rate"] for t in again] == pytest.approx(
            [t.values["learning_rate"] for t in trials], rel=1e-6
        )
        assert trials[0].values["learning_rate"] == pytest.approx(1e-3)

    def test_what_has_no_finite_score_is_told_as_such(self) -> None:
        from ax.core.trial_status import TrialStatus

        from core.tuning.ax_client import AxClient

        client = AxClient(study_of(MIXED, fast=True))
        ends = {
            TrialState.FINISHED: (0.5, 0.01, TrialStatus.COMPLETED),
            TrialState.STOPPED_EARLY: (0.4, 0.01, TrialStatus.EARLY_STOPPED),
            TrialState.FAILED: (None, None, TrialStatus.FAILED),
            TrialState.ABANDONED: (None, None, TrialStatus.ABANDONED),
            TrialState.IMPOSSIBLE: (None, None, TrialStatus.ABANDONED),
            TrialState.RUNNING: (None, None, TrialStatus.RUNNING),
        }
        expected = []
        for number, (state, (score, seconds, status)) in enumerate(ends.items(), 1):
            values = {"learning_rate": 10.0**-number, "optimizer": "adam", "batch_size": 16, "blocks": 2}
            trial = Trial(number, {**values}, state, score=score, picture_seconds=seconds)
            client.tell(trial)
            assert trial.values == values
            expected.append(status)
        not_finite = {"learning_rate": 0.05, "optimizer": "adam", "batch_size": 16, "blocks": 2}
        client.tell(Trial(7, not_finite, TrialState.FINISHED, score=math.nan, picture_seconds=0.01))
        experiment = client.client._experiment
        assert [trial.status for trial in experiment.trials.values()] == [*expected, TrialStatus.ABANDONED]
        frame = experiment.lookup_data().df
        assert set(frame["trial_index"]) == {0, 1}
        assert frame["mean"].notna().all()

    def test_conditional_settings_are_analysed(self) -> None:
        from core.tuning.ax_analyses import analyse

        config = study_of(MIXED)
        trials = run_search(replace(config, method=Method.RANDOM), 12)
        analyses = analyse(config, trials)
        assert analyses.trials == 12
        assert analyses.importance[0].name == "learning_rate"
        assert {each.name for each in analyses.slices} == {
            "learning_rate",
            "optimizer",
            "batch_size",
            "blocks",
        }
        curve = next(each.points for each in analyses.slices if each.name == "learning_rate")
        best = max(curve, key=lambda point: point[1])
        assert 1e-4 < float(best[0]) < 1e-2

    def test_a_space_without_other_points_ends_the_search(self) -> None:
        """And what chance chooses in the place of a point that was there is what Ax is told the score of."""
        space = Space((*FEW.parameters, Choice("filters", (4, 8))))
        search, trials = search_of(study_of(space, method=Method.AX)), []
        ax = search.ax.client
        proposed = ax.get_next_trials

        def propose_the_first(max_trials: int) -> dict:
            [index] = proposed(max_trials=max_trials)
            return {index: dict(trials[0].values)}

        ax.get_next_trials = propose_the_first
        while (values := search.propose(trials)) is not None:
            trial = Trial(len(trials) + 1, values, TrialState.FINISHED, score=0.1 * len(trials))
            trials = told(search, trials, trial)
        assert len(trials) == 8
        arms = [each.arm.parameters for each in ax._experiment.trials.values() if each.status.is_completed]
        assert arms == [trial.values for trial in trials]
