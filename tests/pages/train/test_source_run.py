"""Another run from one that is trained: the form is filled with its settings, and its weights come along."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset, delete_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.models.presets import PRESETS
from core.records import from_json, to_json
from core.runs.store import Run, delete_run, list_runs
from core.training.config import CnnRunConfig, Optimizer, Precision, Schedule, TrainingConfig
from core.workspace import Workspace
from tests.digits import import_folder, write_digits
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.runs import run_at_work

PAGE = "train/cnn"
SETTINGS = TrainingConfig(
    epochs=7,
    batch_size=48,
    optimizer=Optimizer.SGD,
    learning_rate=3e-3,
    momentum=0.8,
    weight_decay=3e-4,
    schedule=Schedule.COSINE,
    class_weights=True,
    patience=4,
    seed=11,
    precision=Precision.FLOAT32,
    gradient_clip=2.5,
)
AUGMENTATION = Augmentation(horizontal_flip=True, rotation=15.0, crop=0.8, contrast=0.25)
PICTURES = Preprocessing.of((20, 20), ColorMode.RGB, mean=0.25)


def config_of(run: Run) -> CnnRunConfig:
    return from_json(CnnRunConfig, run.config())


def start(app: AppTest) -> None:
    no_exception(button(app, "Start training").click().run())


def test_a_run_leads_to_the_form(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("train/runs", run=run.id)
    switches = []
    monkeypatch.setattr("streamlit.switch_page", lambda *page, **query: switches.append((page, query)))
    no_exception(button(app, "Start another from it").click().run())
    assert switches == [(("train/cnn.py",), {"query_params": {"from": run.id}})]


def test_a_run_at_work_or_without_weights_leads_nowhere(
    workspace: Workspace, digits: Dataset, run: Run
) -> None:
    (run.folder / "best.pt").unlink()
    assert "Start another from it" not in labels(open_page("train/runs", run=run.id))
    with run_at_work(workspace, digits) as at_work:
        (at_work.folder / "best.pt").touch()
        assert "Start another from it" not in labels(open_page("train/runs", run=at_work.id))


def test_the_form_is_that_of_the_source(run: Run, started: list[Run]) -> None:
    source = replace(config_of(run), training=SETTINGS, augmentation=AUGMENTATION, preprocessing=PICTURES)
    run.write_config(to_json(source))
    app = open_page(PAGE, **{"from": run.id})
    assert app.selectbox(key="preset").value == "source run"
    start(app)
    made = config_of(started[0])
    for part in ("training", "augmentation", "preprocessing", "cnn", "dataset_id"):
        assert getattr(made, part) == getattr(source, part), part
    assert made.name == "After Small run"


def test_weights_come_along_and_outlive_their_run(workspace: Workspace, run: Run, started: list[Run]) -> None:
    app = open_page(PAGE, **{"from": run.id})
    assert "weights of **Small run**: they fit all layers." in texts(app)
    start(app)
    (made,) = started
    assert config_of(made).starts_from == run.id
    weights = (run.folder / "best.pt").read_bytes()
    delete_run(run)
    assert (made.folder / "start.pt").read_bytes() == weights
    assert list_runs(workspace.runs) == [made]


def test_fresh_weights_keep_the_settings(run: Run, started: list[Run]) -> None:
    app = open_page(PAGE, **{"from": run.id})
    app = no_exception(button(app, "Start from fresh weights").click().run())
    assert "weights of" not in texts(app)
    assert "from" not in app.query_params
    start(app)
    (made,) = started
    assert config_of(made).starts_from is None
    assert config_of(made).cnn == config_of(run).cnn
    assert not (made.folder / "start.pt").exists()


def test_what_starts_afresh_is_told_before_the_start(run: Run) -> None:
    app = open_page(PAGE, **{"from": run.id})
    filters = next(box for box in app.number_input if box.label == "Filters")
    app = no_exception(filters.set_value(9).run())
    assert "they fit 1 layer. Afresh: `conv1`, `norm1`, `conv2`." in texts(app)
    app = no_exception(app.selectbox(key="preset").set_value("lenet-5").run())
    assert "they fit no layer" in texts(app)
    app = no_exception(app.selectbox(key="preset").set_value("source run").run())
    assert "they fit all layers" in texts(app)


def test_another_number_of_classes_starts_the_last_layer_afresh(
    workspace: Workspace, run: Run, tmp_path, started: list[Run]
) -> None:
    write_digits(tmp_path / "pictures", 200)
    for label in range(3, 10):
        (tmp_path / "pictures" / str(label)).rename(tmp_path / f"left out {label}")
    few = import_folder(workspace, tmp_path / "pictures", "Few")
    app = open_page(PAGE, **{"from": run.id, "dataset": few.id})
    assert "they fit 3 layers. Afresh: `output`." in texts(app)
    start(app)
    assert config_of(started[0]).classes == ("0", "1", "2")
    assert config_of(started[0]).cnn == config_of(run).cnn


def test_the_same_number_of_other_classes_is_told(workspace: Workspace, run: Run, tmp_path) -> None:
    write_digits(tmp_path / "pictures", 200)
    for label in range(10):
        (tmp_path / "pictures" / str(label)).rename(tmp_path / "pictures" / f"digit {label}")
    other = import_folder(workspace, tmp_path / "pictures", "Other")
    app = open_page(PAGE, **{"from": run.id, "dataset": other.id})
    assert "The classes are others" in texts(app)


def test_a_network_that_cannot_be_built_says_nothing_of_layers(run: Run) -> None:
    app = open_page(PAGE, **{"from": run.id})
    kernel = next(box for box in app.number_input if box.label == "Kernel")
    app = no_exception(kernel.set_value(63).run())
    assert "once this network can be built" in texts(app)


@pytest.mark.parametrize("asked", ["20261123-000000-none-abcd", "../../etc", "<script>"])
def test_an_unknown_run_in_the_address_is_told(digits: Dataset, asked: str) -> None:
    app = open_page(PAGE, **{"from": asked})
    assert len(app.error) == 1
    assert app.selectbox(key="preset").value in PRESETS
    assert "Start from fresh weights" not in labels(app)


def test_a_run_without_weights_is_told(run: Run) -> None:
    (run.folder / "best.pt").unlink()
    app = open_page(PAGE, **{"from": run.id})
    assert "has no weights yet" in app.error[0].value


def test_weights_that_vanish_leave_the_settings(run: Run) -> None:
    app = open_page(PAGE, **{"from": run.id})
    (run.folder / "best.pt").unlink()
    app = no_exception(app.run())
    assert "weights of Small run are gone" in app.warning[0].value
    assert app.selectbox(key="preset").value == "source run"
    assert not no_exception(app.run()).warning


def test_a_source_whose_pictures_are_gone_leads_to_the_data(
    workspace: Workspace, digits: Dataset, run: Run
) -> None:
    delete_dataset(workspace, digits.id)
    assert "Bring a data set first." in texts(open_page(PAGE, **{"from": run.id}))
