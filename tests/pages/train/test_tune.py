"""The tune page: from the choice of what varies to a study in each of its states. None is really started."""

import pytest

import core.tuning.studies as module
from core.data.dataset import Dataset
from core.records import to_json
from core.runs.store import Run, RunState, Status, create_run, list_runs
from core.tuning.analyses import Analyses, Importance, Slice, save_analyses
from core.tuning.parameters import Choice, Range
from core.tuning.space import Space
from core.tuning.studies import FOLDER, config_of, list_studies
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial, Trials, TrialState, save_trials
from core.workspace import Workspace
from tests.digits import small_run
from tests.pages.helper import button, labels, no_exception, open_page, texts

PAGE = "train/tune"
SPACE = Space(
    (
        Range("learning_rate", 1e-5, 1e-1, log=True),
        Choice("optimizer", ("sgd", "adam")),
        Range("momentum", 0.5, 0.99),
    )
)
WHY = "stopped at epoch 1: worse than 75 % of trials at that point (3 of 3 others were better)"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(module, "launch", lambda run: ids.append(run.id))
    return ids


def trial(number: int, score: float | None, state: TrialState = TrialState.FINISHED, **settings) -> Trial:
    values = {"learning_rate": 10.0**-number, "optimizer": "sgd", "momentum": 0.9}
    if number % 2:
        values = {"learning_rate": 10.0**-number, "optimizer": "adam"}
    times = {"started": 10.0 * number, "ended": 10.0 * number + 9, "picture_seconds": 0.001 * number}
    return Trial(
        number, values, state, f"run-{number}", score=score, curve=(0.3, 0.4), **{**times, **settings}
    )


TRIALS = (
    trial(1, 0.9),
    trial(2, 0.95),
    trial(3, 0.1, TrialState.STOPPED_EARLY, reason=WHY),
    trial(4, None, TrialState.ABANDONED, reason="The device ran out of memory."),
)


def made(workspace: Workspace, digits: Dataset, state: RunState, trials=TRIALS, **settings) -> Run:
    config = StudyConfig("My study", small_run(digits), SPACE, trials=4, **settings)
    study = create_run(workspace.root / FOLDER, to_json(config), config.name)
    save_trials(
        study.folder, Trials(trials, 60.0, "all 4 trials are done" if state is RunState.FINISHED else "")
    )
    study.write_status(Status(state))
    return study


def test_without_pictures_it_leads_to_them() -> None:
    assert "Go to datasets" in labels(open_page(PAGE))


def test_a_study_begins_with_what_the_form_says(
    workspace: Workspace, digits: Dataset, launched: list[str]
) -> None:
    app = open_page(PAGE)
    assert "20 trials" in texts(app)
    app.multiselect(key="vary-train-cnn").set_value(
        ["learning_rate", "optimizer", "momentum", "filters"]
    ).run()
    assert "Momentum matters only with optimizer sgd." in texts(no_exception(app))
    app.number_input(key="tune_trials").set_value(7).run()
    button(app, "Start the study").click().run()
    no_exception(app)
    [study] = list_studies(workspace)
    assert launched == [study.id]
    config = config_of(study)
    assert [each.name for each in config.space.parameters] == [
        "learning_rate",
        "momentum",
        "optimizer",
        "filters",
    ]
    assert (config.trials, config.method, config.base.training.epochs) == (7, Method.AX, 5)
    assert config.base.dataset_id == digits.id
    assert study.id in app.query_params["study"]


def test_what_makes_no_search_can_not_be_started(workspace: Workspace, digits: Dataset) -> None:
    app = open_page(PAGE)
    app.multiselect(key="vary-train-cnn").set_value([]).run()
    assert button(app, "Start the study").disabled
    assert "Choose at least one setting" in texts(app)
    app.multiselect(key="vary-train-cnn").set_value(["momentum"]).run()
    assert button(app, "Start the study").disabled
    assert "never matters" in texts(no_exception(app))


def test_a_grid_says_its_count_first(workspace: Workspace, digits: Dataset) -> None:
    app = open_page(PAGE)
    app.segmented_control(key="tune_method").set_value(Method.GRID).run()
    assert "**12 trials** of the 12 points of the grid" in texts(no_exception(app))


def test_an_ended_study_shows_its_trials_and_why_they_ended(workspace: Workspace, digits: Dataset) -> None:
    study = made(workspace, digits, RunState.FINISHED)
    app = open_page(PAGE, study=study.id)
    assert "all 4 trials are done" in texts(app)
    metrics = {each.label: each.value for each in app.metric}
    assert (metrics["Best accuracy"], metrics["In trial"]) == ("95.0%", "2")
    [table] = [frame.value for frame in app.dataframe]
    assert table["Why"].tolist() == ["The device ran out of memory.", WHY, "", ""]
    assert table["Momentum"].tolist() == ["0.9", "–", "0.9", "–"]
    assert {"Search on", "Train it", "Delete for good"} <= set(labels(app))


@pytest.mark.parametrize("chart", ["Best so far", "All settings", "What matters", "Pareto front", "Methods"])
def test_every_chart_is_drawn(workspace: Workspace, digits: Dataset, chart: str) -> None:
    made(workspace, digits, RunState.FINISHED, method=Method.RANDOM, fast=True)
    study = made(workspace, digits, RunState.FINISHED, fast=True)
    points = ((1e-4, 0.5, 0.1), (1e-2, 0.9, 0.1))
    save_analyses(
        study.folder, Analyses(6, (Importance("momentum", -0.4),), (Slice("learning_rate", points),))
    )
    app = open_page(PAGE, study=study.id)
    app.segmented_control(key="tune_chart").set_value(chart).run()
    no_exception(app)
    assert len(app.get("plotly_chart")) == (2 if chart == "What matters" else 1)


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.LOST, RunState.FAILED, RunState.STOPPED])
def test_a_resting_study_can_go_on(
    workspace: Workspace, digits: Dataset, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made(workspace, digits, state, trials=TRIALS[:2])
    if state is RunState.LOST:
        study.write_status(Status(RunState.RUNNING, pid=1, process_started=1.0))
    app = open_page(PAGE, study=study.id)
    if state is RunState.STOPPED:
        assert "Search on" in labels(app)
        return
    ids: list[str] = []
    monkeypatch.setattr("pages.train.tune_actions.launch", lambda run: ids.append(run.id))
    button(app, "Go on").click().run()
    assert ids == [study.id]


def test_a_failed_study_says_why_and_shows_its_log(workspace: Workspace, digits: Dataset) -> None:
    study = made(workspace, digits, RunState.FAILED)
    study.write_status(Status(RunState.FAILED, message="Ax has no room.", fix="Free some memory."))
    study.log_file.write_text("MemoryError\n")
    app = open_page(PAGE, study=study.id)
    assert "Ax has no room" in texts(app)
    assert "the trials that have finished are kept" in texts(app)
    assert "MemoryError" in app.code[0].value


def test_the_best_becomes_a_run_of_its_own(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made(workspace, digits, RunState.FINISHED)
    app = open_page(PAGE, study=study.id)
    ids: list[str] = []
    monkeypatch.setattr("pages.train.tune_actions.launch", lambda run: ids.append(run.id))
    button(app, "Train it").click().run()
    [run] = list_runs(workspace.runs)
    assert ids == [run.id]
    training = run.config()["training"]
    assert (training["learning_rate"], training["optimizer"], training["epochs"]) == (0.01, "sgd", 6)
    assert run.trial_of() is None


def test_a_deleted_or_damaged_study_leads_back(workspace: Workspace, digits: Dataset) -> None:
    app = open_page(PAGE, study="gone")
    assert "There is no study gone" in texts(app).replace("\\", "")
    button(app, "All studies").click().run()
    assert "Settings to vary" in [each.label for each in no_exception(app).multiselect]
    study = made(workspace, digits, RunState.FINISHED)
    (study.folder / "trials.json").write_text("{")
    app = open_page(PAGE, study=study.id)
    assert "can't be read" in texts(app)
    assert "Delete for good" in labels(app)
    (study.folder / "config.json").write_text("{}")
    app = open_page(PAGE)
    assert "can't be read" in texts(app)
    no_exception(button(app, "Delete for good").click().run())
    assert list_studies(workspace) == []
