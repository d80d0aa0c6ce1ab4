"""The page of cross-validated searches: what starts, what is refused, and what a search shows."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.records import from_json, to_json
from core.runs.store import Run, RunState, Status, create_run
from core.training.config import CnnRunConfig
from core.tuning.skorch_config import CrossValidationConfig, Search
from core.tuning.skorch_results import FitRecord
from core.tuning.skorch_searches import searches_folder
from core.workspace import Workspace
from tests.digits import small_run
from tests.pages.helper import button, labels, no_exception, open_page, texts

PAGE = "train/cross_validate"
START = "Start the search"
BEST = "Train a run with the best settings"


def by_label(app: AppTest, kind: str, label: str):
    return next(each for each in app.get(kind) if each.label == label)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """What the page starts; no process is, and it stays on the page."""
    runs: list[Run] = []
    monkeypatch.setattr("core.tuning.skorch_searches.launch", runs.append)
    monkeypatch.setattr("core.runs.launcher.launch", runs.append)
    monkeypatch.setattr("pages.train.cross_validate_search.launch", runs.append)
    monkeypatch.setattr("pages.train.cross_validate_results.launch", runs.append)
    monkeypatch.setattr("streamlit.switch_page", lambda *page, **query: None)
    return runs


def search_of(workspace: Workspace, dataset: Dataset, kind: Search, fits: list[FitRecord], **status) -> Run:
    folder = searches_folder(workspace)
    folder.mkdir(exist_ok=True)
    config = CrossValidationConfig("Mine", small_run(dataset), {"lr": (0.1, 0.2)}, kind, folds=2)
    run = create_run(folder, to_json(config), "search")
    run.metrics_file.write_text("".join(json.dumps(to_json(fit)) + "\n" for fit in fits))
    run.write_status(
        Status(**{"state": RunState.FINISHED, "total": config.fits, "done": len(fits), **status})
    )
    return run


def fits_with(scores: dict[float, tuple[float | None, ...]], problem: str = "") -> list[FitRecord]:
    return [
        FitRecord({"lr": lr}, 2, fold, score, 1.5, "" if score is not None else problem)
        for lr, accuracies in scores.items()
        for fold, score in enumerate(accuracies)
    ]


def test_without_pictures_it_leads_to_them() -> None:
    app = open_page(PAGE)
    assert "Bring a data set first" in texts(app)
    assert START not in labels(app)


def test_a_search_starts_with_what_the_page_says(digits: Dataset, launched: list[Run]) -> None:
    app = open_page(PAGE)
    assert by_label(app, "metric", "Networks to train").value == "27"
    by_label(app, "button_group", "Search").set_value(Search.HALVING).run()
    by_label(app, "number_input", "Most epochs").set_value(9)
    by_label(app, "number_input", "Candidates").set_value(9)
    by_label(app, "multiselect", "What varies").set_value(["lr", "optimizer__weight_decay"]).run()
    by_label(app, "multiselect", "Weight decay").set_value([1e-3, 0.0, 1e-2])
    app = no_exception(app.run())
    assert "9 candidates for 1 epoch, then 3 candidates for 3 epochs, then 1 candidate for 9 epochs" in texts(
        app
    )
    code = app.code[0].value
    compile(code, "search.py", "exec")
    assert "HalvingRandomSearchCV(" in code
    no_exception(button(app, START).click().run())
    (run,) = launched
    config = from_json(CrossValidationConfig, run.config())
    assert config.parameters["optimizer__weight_decay"] == (0.0, 1e-3, 1e-2)
    assert (config.search, config.base.training.epochs, config.folds) == (Search.HALVING, 9, 3)
    assert run.folder.parent.name == "cross-validations"


def test_what_cannot_work_says_why_and_does_not_start(digits: Dataset, launched: list[Run]) -> None:
    app = open_page(PAGE)
    by_label(app, "multiselect", "What varies").set_value([])
    assert "at least one setting" in app.run().info[0].value
    assert button(app, START).disabled
    by_label(app, "multiselect", "What varies").set_value(["lr"]).run()
    by_label(app, "number_input", "Folds").set_value(20)
    app = no_exception(app.run())
    assert not button(app, START).disabled or "too few training pictures" in app.error[0].value


def test_the_settings_of_a_run_are_a_start(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    config = small_run(digits, learning_rate=0.0123, batch_size=17)
    run = create_run(workspace.runs, to_json(config), "run")
    app = open_page(PAGE, search_base=f"run-{run.id}")
    assert by_label(app, "multiselect", "Learning rate").value[1] == 0.0123
    no_exception(button(app, START).click().run())
    assert from_json(CrossValidationConfig, launched[0].config()).base == config


def test_the_best_of_a_search_becomes_a_run(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    fits = fits_with({0.1: (0.5, 0.6), 0.2: (0.9, 0.8)})
    run = search_of(workspace, digits, Search.GRID, fits, result={"best": {"lr": 0.2}})
    app = open_page(PAGE, search=run.id)
    assert by_label(app, "metric", "Best mean accuracy").value == "85.0%"
    frame = app.dataframe[0].value
    assert frame["Rank"].tolist() == [1, 2]
    assert frame["Mean ± std"].tolist() == ["85.00% ± 5.00%", "55.00% ± 5.00%"]
    no_exception(button(app, BEST).click().run())
    (made,) = launched
    assert made.folder.parent == workspace.runs
    assert from_json(CnnRunConfig, made.config()).training.learning_rate == 0.2
    app = open_page(PAGE)
    assert any("Mine" in label for label in labels(app))


def test_a_stopped_and_a_failed_search_say_so_and_go_on(
    workspace: Workspace, digits: Dataset, launched: list[Run]
) -> None:
    fits = fits_with({0.1: (0.5, 0.6), 0.2: (None,)}, problem="The loss was not a finite number.")
    run = search_of(workspace, digits, Search.HALVING, fits, state=RunState.STOPPED)
    app = open_page(PAGE, search=run.id)
    assert "they are kept" in texts(app)
    assert app.dataframe[0].value["Problem"].tolist() == ["", "The loss was not a finite number."]
    assert BEST not in labels(app)
    no_exception(button(app, "Go on").click().run())
    assert launched == [run]
    hopeless = fits_with({0.1: (None, None)}, problem="The loss was not a finite number.")
    run.metrics_file.write_text("".join(json.dumps(to_json(fit)) + "\n" for fit in hopeless))
    assert not open_page(PAGE, search=run.id).get("plotly_chart")
    run.write_status(Status(RunState.FAILED, message="No candidate could be trained.", fix="Take others."))
    assert "No candidate" in open_page(PAGE, search=run.id).error[0].value
    no_exception(button(open_page(PAGE, search=run.id), "Delete for good").click().run())
    assert not run.folder.exists()
    assert "All searches" in labels(open_page(PAGE, search=run.id))
    assert "All searches" in labels(open_page(PAGE, search="../../etc"))
