import re

import numpy as np
import pytest

from core.comparison.learning_curve import SHARES
from core.comparison.route_comparison import list_comparisons, start_comparison
from core.comparison.routes import Route, RouteSettings
from core.data.dataset import Dataset
from core.data.splitting import SplitSettings, current_split, make_split, save_split
from core.runs.store import Run, RunState, Status, list_runs
from core.training.predictions import save_predictions
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, right_on
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.runs import failed_run, run_at_work

PAGE = "train/compare"


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that are started; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("core.comparison.route_comparison.launch", runs.append)
    return runs


def three_runs(workspace: Workspace, dataset: Dataset) -> list[Run]:
    labels = np.zeros(100, int)
    return [
        ended_run(workspace, dataset, name, right_on(np.arange(100) < right), labels, seconds=seconds)
        for name, right, seconds in (("Poor", 60, 1.0), ("Slow", 90, 80.0), ("Quick", 89, 2.0))
    ]


def boxes(app) -> dict[str, tuple[bool, bool]]:
    """(ticked, greyed out) of each run in the list, by its words."""
    return {box.label: (box.value, box.disabled) for box in app.checkbox}


def end(run: Run, name: str = "") -> None:
    """As if it had been trained: predictions of test pictures, better for later routes."""
    right = np.arange(40) < 30 + len(name) % 5
    classes = len(run.config()["classes"])
    probabilities = np.full((40, classes), 0.5 / (classes - 1), np.float32)
    probabilities[:, 0] = np.where(right, 0.6, 0.01)
    save_predictions(run.folder, "test", np.arange(40), np.zeros(40, int), probabilities)
    run.metrics_file.write_text('{"epoch": 1, "seconds": 3.5}\n')
    run.write_status(Status(RunState.FINISHED, result={"parameters": 10}))
    (run.folder / "best.pt").write_bytes(b"weights")


def describe_model(run: Run, dataset: Dataset) -> None:
    from core.models.saved_model import SavedModel, save_model_description
    from tests.digits import SMALL_CNN, small_run

    preprocessing = small_run(dataset).preprocessing
    save_model_description(run.folder, SavedModel(SMALL_CNN, preprocessing, dataset.classes, False))


def test_without_runs_it_leads_to_training() -> None:
    app = open_page(PAGE)
    assert "no run yet" in texts(app)
    assert labels(app) == ["Train a network"]


def test_with_runs_that_have_not_ended_it_leads_to_them(workspace: Workspace, digits: Dataset) -> None:
    failed_run(workspace, digits)
    app = open_page(PAGE)
    assert "nothing to compare" in texts(app)
    assert "See the runs" in labels(app)


def test_verdict_table_and_charts(workspace: Workspace, digits: Dataset) -> None:
    three_runs(workspace, digits)
    app = open_page(PAGE)
    words = texts(app)
    assert re.search(r"100 test pictures, Slow and Quick can't be told apart\\: 90 and 89 are right", words)
    assert re.search(r"Quick took 1/40 of the time of Slow to train", words)
    assert re.search(r"Worse than Slow by more than chance\\: Poor \\\(60 right", words)
    scores, costs = (frame.value for frame in app.dataframe)
    assert scores["Run"].tolist() == costs["Run"].tolist() == ["Slow", "Quick", "Poor"]
    assert scores["Accuracy"][0].startswith("90.0 % (")
    assert costs["Time to train"].tolist() == ["1.3 min", "2 s", "1 s"]
    assert len(app.get("plotly_chart")) == 3
    assert len(app.get("download_button")) == 2


def test_another_score_and_another_run(workspace: Workspace, digits: Dataset) -> None:
    three_runs(workspace, digits)
    app = open_page(PAGE)
    score, calibration = app.selectbox
    no_exception(score.select_index(2).run())
    assert app.selectbox[0].value == "log loss"
    no_exception(calibration.select_index(1).run())
    assert len(app.get("plotly_chart")) == 3


def test_what_cannot_be_compared_is_grey_and_says_why(workspace: Workspace, digits: Dataset) -> None:
    three_runs(workspace, digits)
    save_split(digits, make_split(digits, SplitSettings(seed=9)))
    labels_there = np.zeros(100, int)
    ended_run(workspace, digits, "Elsewhere", right_on(np.arange(100) < 99), labels_there)
    failed_run(workspace, digits)
    with run_at_work(workspace, digits):
        app = open_page(PAGE)
    found = boxes(app)
    assert {label for label, (ticked, _) in found.items() if ticked} == {"Quick", "Slow", "Poor"}
    greyed = [label for label, (_, grey) in found.items() if grey]
    assert any("Elsewhere" in label and "another split" in label for label in greyed)
    assert any("Failed" in label and "no predictions" in label for label in greyed)
    assert any("At work" in label and "running" in label for label in greyed)
    for box in [box for box in app.checkbox if box.value]:
        box.uncheck()
    app = no_exception(app.run())
    assert "Choose two runs or more" in texts(app)
    assert not any(grey for label, (_, grey) in boxes(app).items() if "Elsewhere" in label)


def test_the_choice_stands_in_the_address_and_comes_from_it(workspace: Workspace, digits: Dataset) -> None:
    poor, slow, _ = three_runs(workspace, digits)
    app = open_page(PAGE, runs=f"{poor.id},{slow.id}")
    assert app.dataframe[0].value["Run"].tolist() == ["Slow", "Poor"]
    next(box for box in app.checkbox if box.label.startswith("Quick")).check()
    app = no_exception(app.run())
    assert len(app.dataframe[0].value) == 3
    assert len(app.query_params["runs"].split(",")) == 3


def test_runs_of_two_splits_from_the_address_are_refused(workspace: Workspace, digits: Dataset) -> None:
    (one, *_) = three_runs(workspace, digits)
    labels_there = np.zeros(100, int)
    other = ended_run(workspace, digits, "Other", right_on(np.arange(100) < 9), labels_there, split_id="s-0")
    app = open_page(PAGE, runs=f"{one.id},{other.id}")
    assert "not of the same split" in app.error[0].value
    assert not any(grey for ticked, grey in boxes(app).values() if ticked)


def test_damaged_runs_break_nothing(workspace: Workspace, digits: Dataset) -> None:
    poor, slow, quick = three_runs(workspace, digits)
    (poor.folder / "model.json").write_text("{")
    (slow.folder / "status.json").write_text("[]")
    (quick.folder / "predictions-test.npz").write_bytes(b"PK")
    app = open_page(PAGE)
    assert "can't be read" in app.error[0].value
    assert len([grey for _, grey in boxes(app).values() if grey]) == 2


def test_one_press_makes_a_run_of_every_route(workspace: Workspace, digits: Dataset, launched) -> None:
    app = open_page(PAGE, compare="routes")
    app = no_exception(button(app, "Compare the routes").click().run())
    (comparison,) = list_comparisons(workspace)
    assert app.query_params["comparison"] == comparison.id
    assert [run.id for run in launched] == [entry.run_id for entry in comparison.entries]
    assert len(launched) == len(Route)
    assert f"**0 of {len(Route)} runs done**" in [bar.text for bar in app.get("progress")]
    for route in Route:
        assert f"{route[:1].upper()}{route[1:]}" in labels(app)


def test_fewer_pictures_are_three_times_as_many_runs_more(
    workspace: Workspace, digits: Dataset, launched
) -> None:
    app = open_page(PAGE, compare="routes")
    app = no_exception(app.toggle[0].set_value(True).run())
    assert f"{len(Route) * len(SHARES)} runs" in texts(app)
    no_exception(button(app, "Compare the routes").click().run())
    assert len(launched) == len(Route) * len(SHARES)


def test_results_of_the_ended_stand_while_others_failed(
    workspace: Workspace, digits: Dataset, launched
) -> None:
    split = current_split(digits)
    comparison = start_comparison(workspace, digits, split, RouteSettings(shares=(0.25, 1.0)))
    failed, *others = launched
    failed.write_status(Status(RunState.FAILED, message="The disk is full.", fix="Free some."))
    for run in others:
        describe_model(run, digits)
        end(run, run.name)
    app = open_page(PAGE, comparison=comparison.id)
    assert f"**{len(others)} of {len(launched)} runs done**" in [bar.text for bar in app.get("progress")]
    assert "The disk is full" in texts(app)
    ended = {f"{route[:1].upper()}{route[1:]}" for route in Route}
    assert ended - set(app.dataframe[0].value["Run"]) == {"CNN from scratch"}
    assert len(app.get("plotly_chart")) == 4  # with the learning curve
    launched.clear()
    no_exception(button(app, "Go on with the unfinished").click().run())
    assert launched == [failed]


def test_other_seeds_have_a_table_of_their_own(workspace: Workspace, digits: Dataset, launched) -> None:
    settings = RouteSettings(seeds=2)
    comparison = start_comparison(workspace, digits, current_split(digits), settings)
    for run in launched:
        describe_model(run, digits)
        end(run, run.name)
    app = open_page(PAGE, comparison=comparison.id)
    scores, _, seeds = (frame.value for frame in app.dataframe)
    assert len(scores) == len(seeds) == len(Route)
    assert seeds["Trainings"].tolist() == [2] * len(Route)
    assert not app.get("progress")


def test_an_earlier_comparison_opens_from_the_list_and_leaves_it(
    workspace: Workspace, digits: Dataset, launched
) -> None:
    comparison = start_comparison(workspace, digits, current_split(digits), RouteSettings())
    for run in launched:
        run.write_status(Status(RunState.STOPPED))
    app = open_page(PAGE, compare="routes")
    earlier = next(label for label in labels(app) if "Routes on Digits" in label)
    app = no_exception(button(app, earlier).click().run())
    assert app.query_params["comparison"] == comparison.id
    app = no_exception(button(app, "Take off the list").click().run())
    assert "comparison" not in app.query_params
    assert list_comparisons(workspace) == []
    assert len(list_runs(workspace.runs)) == len(Route)


def test_an_address_of_no_comparison_says_so(workspace: Workspace) -> None:
    app = open_page(PAGE, comparison="nothing")
    assert "There is no comparison nothing" in app.error[0].value


def test_the_time_of_a_picture_is_measured_on_demand(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = three_runs(workspace, digits)
    asked: list[Run] = []
    monkeypatch.setattr("core.runs.side_jobs.launch", asked.append)
    app = open_page(PAGE)
    app = no_exception(button(app, "Measure the time a picture").click().run())
    (job,) = asked
    assert set(job.config()["runs"]) == {run.id for run in runs}
    assert "Cancel" in labels(app)
