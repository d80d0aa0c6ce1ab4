"""The fine-tune page: what trains is drawn, counted and priced, and a press starts the run that it says."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.records import from_json, to_json
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.training.config import Precision, Schedule
from core.training.device import visible_devices
from core.training.execution import Execution
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_files import fine_tune_trial_file
from core.training.measured import Trial
from core.workspace import Workspace, write_json
from tests.digits import import_folder, write_digits
from tests.fine_tuning import FEW, small_fine_tuning
from tests.pages.helper import button, labels, no_exception, open_page, texts

PAGE = "train/fine_tune"
HEAD = 1280 * 10 + 10


@pytest.fixture
def page(few_digits: Dataset) -> AppTest:
    return open_page(PAGE, dataset=few_digits.id)


def costs(app: AppTest) -> str:
    """The list of what the run will take."""
    return next(block.proto.body for block in app.get("html") if 'class="how"' in block.proto.body)


def outline(app: AppTest) -> dict:
    """What the drawing got."""
    return next(
        data
        for component in app.get("bidi_component")
        if "pale" in (data := json.loads(component.proto.json))
    )


def test_without_data_it_says_what_comes_first() -> None:
    app = open_page(PAGE)
    assert "Bring a data set first." in texts(app)
    assert labels(app) == ["Go to datasets"]


def test_the_head_alone_is_counted_and_the_rest_is_pale(page: AppTest, few_digits: Dataset) -> None:
    assert f"{HEAD:,} of " in texts(page)
    assert f"{FEW} passes instead of" in costs(page)
    pale = outline(page)["pale"]
    no_exception(page.segmented_control(key="trains").set_value(Trains.BLOCKS).run())
    fewer = outline(page)["pale"]
    assert set(fewer) < set(pale)
    no_exception(page.segmented_control(key="trains").set_value(Trains.ALL).run())
    assert outline(page)["pale"] == []
    assert "passes instead of" not in costs(page)


def test_a_deeper_cut_and_a_larger_head_train_more(page: AppTest) -> None:
    no_exception(page.segmented_control(key="trains").set_value(Trains.BLOCKS).run())
    before = texts(page)
    no_exception(page.select_slider(key="blocks_of_18").set_value(3).run())
    assert "3 blocks of 18, and the head." in texts(page)
    assert texts(page) != before
    no_exception(page.segmented_control(key="trains").set_value(Trains.HEAD).run())
    no_exception(page.number_input(key="head_layers").set_value(1).run())
    assert f"{1280 * 500 + 500 + 500 * 10 + 10:,} of " in texts(page)


def test_augmentation_brings_views_and_says_what_they_cost(page: AppTest) -> None:
    no_exception(page.toggle(key="flip-x").set_value(True).run())
    assert "4 views a picture" in costs(page)
    no_exception(page.slider(key="views").set_value(8).run())
    assert "8 views a picture" in costs(page)
    assert "no view is shown twice" in texts(page)


def test_the_start_button_starts_what_the_page_says(few_digits: Dataset, started: list[Run]) -> None:
    app = open_page(PAGE, dataset=few_digits.id)
    app.segmented_control(key="trains").set_value(Trains.BLOCKS)
    app.number_input(key="head_layers").set_value(1)
    app.number_input(key="epochs").set_value(8)
    no_exception(app.run())
    app.toggle(key="gradual").set_value(True)
    app.selectbox(key="schedule").set_value(Schedule.STEP)
    app.number_input(key="warm_up").set_value(2)
    app.select_slider(key="backbone-rate").set_value(5e-4)
    no_exception(app.run())
    no_exception(button(app, "Start fine-tuning").click().run())
    (run,) = started
    config = from_json(FineTuneConfig, run.config())
    assert (config.backbone, config.weights, config.dataset_id) == (
        "efficientnet_lite0",
        "trained",
        few_digits.id,
    )
    assert (config.trains, config.blocks, config.unfreeze_every) == (Trains.BLOCKS, 1, 1)
    assert (config.backbone_rate, config.warm_up, config.head.hidden) == (5e-4, 2, (500,))
    assert (config.training.epochs, config.training.schedule) == (8, Schedule.STEP)


def test_a_warm_up_longer_than_the_training_is_cut_and_said(page: AppTest) -> None:
    no_exception(page.number_input(key="warm_up").set_value(50).run())
    assert "More than there are" in texts(page)
    assert not button(page, "Start fine-tuning").disabled


def test_missing_weights_can_be_fetched_given_or_done_without(
    few_digits: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    app = open_page(PAGE, dataset=few_digits.id, backbone="resnet18")
    assert "are not on this machine" in texts(app)
    assert "Start fine-tuning" not in labels(app)
    no_exception(button(app, "Look at untrained weights").click().run())
    assert not button(app, "Start fine-tuning").disabled
    assert "untrained weights, drawn at random" in texts(app)


def test_the_code_follows_the_settings(page: AppTest) -> None:
    (code,) = page.code
    compile(code.value, "train.py", "exec")
    assert "    ('dropout.', 'classifier.'),\n]" in code.value
    no_exception(page.segmented_control(key="trains").set_value(Trains.BLOCKS).run())
    (code,) = page.code
    assert "    ('head.', 'pool.', 'flatten.'),\n]" in code.value


def test_a_full_disk_is_said_beside_the_button(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.training.fine_tune_estimate.free_disk", lambda folder: 1000)
    no_exception(page.run())
    assert button(page, "Start fine-tuning").disabled
    assert any("fit onto the disk" in error.value for error in page.error)


def test_time_is_measured_on_request(
    page: AppTest, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[FineTuneConfig] = []

    def start(workspace: Workspace, config: FineTuneConfig) -> Run:
        asked.append(config)
        return create_run(workspace.caches / "trials", {"name": "Trial"}, "trial")

    monkeypatch.setattr("pages.train.trial.start_trial", start)
    assert "not measured yet" in costs(page)
    assert "Memory" in costs(page)
    no_exception(button(page, "Measure").click().run())
    assert "Cancel" in labels(page)
    stored = fine_tune_trial_file(workspace, asked[0], 1, visible_devices()[0].name)
    stored.parent.mkdir(parents=True)
    execution = Execution("cpu", Precision.FLOAT32, True, 2, 16)
    write_json(stored, to_json(Trial(execution, 0.01, 0.002, 700_000_000)))
    no_exception(page.run())
    assert "measured with ten batches" in costs(page)
    assert "700 MB" in costs(page)
    assert "Measure" not in labels(page)


def test_a_split_with_nothing_to_validate_on_cannot_start(workspace: Workspace, tmp_path: Path) -> None:
    write_digits(tmp_path / "few", 2)
    few = import_folder(workspace, tmp_path / "few", "Few")
    app = open_page(PAGE, dataset=few.id)
    assert button(app, "Start fine-tuning").disabled
    assert any("no picture to validate on" in error.value for error in app.error)


@pytest.mark.slow
def test_the_run_among_the_runs(workspace: Workspace, few_digits: Dataset) -> None:
    run = create_run(workspace.runs, to_json(small_fine_tuning(few_digits)), "Small fine-tuning")
    assert work(run) == 0

    def show(part: str) -> AppTest:
        return open_page("train/runs", run=run.id, part=part)

    app = show("Results")
    assert "Where it is right, and where wrong" in texts(app)
    assert "Start another from it" not in labels(app)
    how = next(
        block.proto.body for block in show("How it runs").get("html") if "Frozen part" in block.proto.body
    )
    assert "ran once a picture" in how
    assert f"{FEW} passes instead of" in how
    assert "efficientnet_lite0, trained on ImageNet" in how
    assert f"{HEAD:,} of " in how
    assert "only the head changes" in texts(show("What is kept"))
    assert show("Settings").dataframe[0].value.loc["What trains"].item() == "head"
    assert len(show("Behind the curves").get("vega_lite_chart")) > 2
    app = open_page("use/predict", run=run.id)
    no_exception(button(app, "Try pictures of the data set").click().run())
    assert "% sure" in texts(app)
