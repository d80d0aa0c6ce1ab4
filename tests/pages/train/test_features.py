"""The page of the features, and how a run of it looks among the runs."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.embeddings.config import FeaturesRunConfig
from core.embeddings.projection import FILE
from core.records import from_json, to_json
from core.runs.store import Run, RunState, Status, create_run
from core.training.predictions import load_predictions
from core.workspace import Workspace
from pages.shared.text import plain
from tests.core.embeddings.runs import LITE0, dataset_of, features_config, features_home, finished
from tests.pages.helper import button, labels, no_exception, open_page, texts

__all__ = ["features_home", "finished"]

PAGE, RUNS = "train/features", "train/runs"
START = "Extract and fit"


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def by_label(app: AppTest, kind: str, label: str):
    return next(each for each in app.get(kind) if each.label == label)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def newest(workspace: Workspace, config: FeaturesRunConfig, **status) -> Run:
    run = create_run(workspace.runs, to_json(config), config.name)
    run.write_status(Status(**{"state": RunState.STOPPED, **status}))
    return run


def test_without_pictures_it_leads_to_them() -> None:
    app = open_page(PAGE)
    assert "Bring a data set first" in texts(app)
    assert START not in labels(app)


def test_a_run_starts_with_the_settings_of_the_page(digits: Dataset, started: list[Run]) -> None:
    app = open_page(PAGE)
    assert "features" in texts(app)
    by_label(app, "button_group", "Regularization").set_value("Set it").run()
    by_label(app, "select_slider", "C").set_value(0.01)
    by_label(app, "number_input", "Most iterations").set_value(77)
    by_label(app, "toggle", "Weigh rare classes more").set_value(True)
    by_label(app, "text_input", "Name of the run").set_value("Mine")
    app = no_exception(button(app.run(), START).click().run())
    (run,) = started
    config = from_json(FeaturesRunConfig, run.config())
    expected = features_config(
        digits,
        backbone=LITE0,
        weights="trained",
        regularization=0.01,
        max_iter=77,
        class_weights=True,
    )
    assert config == replace(expected, name="Mine")
    assert "Cancel" in labels(app)
    assert button(app, START).disabled


def test_a_backbone_without_weights_says_how_to_get_them(digits: Dataset, started: list[Run]) -> None:
    app = open_page(PAGE, backbone="resnet18")
    assert "are not on this machine" in texts(app)
    assert START not in labels(app)
    app = no_exception(button(app, "Look at untrained weights").click().run())
    button(app, START).click().run()
    assert (started[0].config()["backbone"], started[0].config()["weights"]) == ("resnet18", "random-0")


@pytest.mark.slow
def test_the_results_of_a_run(workspace: Workspace, finished: Run) -> None:
    app = open_page(PAGE)
    result, words = finished.status().result, texts(app)
    shown = metrics(app)
    assert shown["Validation accuracy"] == f"{result['best_accuracy']:.1%}"
    assert shown["Test accuracy"] == f"{result['test_accuracy']:.1%}"
    assert shown["C"] == f"{finished.facts()['c']:g}"
    for each in finished.facts()["compared"]:
        assert f"{each['name']} {each['accuracy']:.1%}" in words
    assert "t-SNE: neighbours" in words
    by_label(app, "button_group", "Map").set_value("PCA")
    assert "of all variance" in texts(no_exception(app.run()))
    assert "load_backbone" in app.code[0].value  # torchvision has no EfficientNet-Lite0
    (finished.folder / FILE).unlink()
    assert "no map" in texts(no_exception(app.run()))


@pytest.mark.slow
def test_a_press_on_a_point_shows_its_picture(workspace: Workspace, finished: Run) -> None:
    dataset = dataset_of(workspace, finished)
    app = open_page(PAGE)
    app.session_state[f"picked_{finished.id}"] = 5
    words = texts(no_exception(app.run()))
    assert plain(dataset.pictures[5].name) in words
    predictions = [load_predictions(finished.folder, part) for part in ("valid", "test")]
    wrong = sorted(row for each in predictions for row in each.rows[each.predicted != each.targets].tolist())
    assert wrong
    expected = [*(row for row in wrong if row > 5), *wrong]
    for row in expected[:3]:
        app = no_exception(button(app, "Next mistake").click().run())
        assert plain(dataset.pictures[row].name) in texts(app)
        assert "taken for" in texts(app)


@pytest.mark.slow
def test_how_the_last_run_ended_is_told(workspace: Workspace, finished: Run) -> None:
    config = from_json(FeaturesRunConfig, finished.config())
    run = newest(workspace, config)
    assert "start again" in texts(open_page(PAGE))
    run.write_status(Status(RunState.FAILED, message="No room.", fix="Make some."))
    app = open_page(PAGE)
    assert "No room" in app.error[0].value
    assert "Open the run" in labels(app)
    run.write_config({**run.config(), "backbone": "resnet18"})
    assert "Validation accuracy" in metrics(open_page(PAGE))


@pytest.mark.slow
def test_a_run_among_the_runs(workspace: Workspace, finished: Run) -> None:
    assert "features + logistic regression" in texts(open_page(RUNS))
    app = open_page(RUNS, run=finished.id)
    assert metrics(app)["C"] == f"{finished.facts()['c']:g}"
    assert "Where it is right, and where wrong" in texts(app)
    assert {"More epochs", "Start another from it"}.isdisjoint(labels(app))
    assert "Predict with it" in labels(app)
    tabs = by_label(app, "tab", "How it runs")
    assert tabs is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState.PAUSED, "the features so far are kept"),
        (RunState.STOPPED, "by you; the features so far are kept"),
        (RunState.FAILED, "It broke"),
    ],
)
def test_a_run_that_has_not_finished_among_the_runs(
    workspace: Workspace, digits: Dataset, state: RunState, words: str
) -> None:
    status = {"message": "It broke.", "fix": "Mend it."} if state is RunState.FAILED else {}
    run = newest(workspace, features_config(digits), state=state, **status)
    app = open_page(RUNS, run=run.id)
    assert words in texts(app)
    assert {"Go on", "Try again"} & set(labels(app))
    assert not app.metric
