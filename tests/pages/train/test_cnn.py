import shutil

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.models.cnn_walk import walk
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.training.device import Device
from core.workspace import Workspace
from tests.digits import brought, import_folder
from tests.pages.helper import no_exception, open_page, texts


@pytest.fixture
def page(workspace: Workspace, imported_digits: Dataset) -> AppTest:
    brought(imported_digits, workspace)
    return open_page("train/cnn")


def start_button(app: AppTest):
    (button,) = [button for button in app.button if button.label == "Start training"]
    return button


def metric(app: AppTest, label: str) -> str:
    (found,) = [metric for metric in app.metric if metric.label == label]
    return found.value


def labeled(widgets, label: str) -> list:
    return [widget for widget in widgets if widget.label == label]


def icon_buttons(app: AppTest, what: str) -> list:
    return [button for button in app.button if button.key and button.key.startswith(f"{what}-")]


def test_without_data_it_says_what_comes_first() -> None:
    app = open_page("train/cnn")
    assert "Bring a data set first." in texts(app)
    assert [button.label for button in app.button] == ["Go to datasets"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_shows_its_true_totals(page: AppTest, preset: str) -> None:
    no_exception(page.selectbox(key="preset").set_value(preset).run())
    chosen = PRESETS[preset]
    network = walk(chosen.config, (1, *chosen.size), 10)
    assert metric(page, "Parameters") == f"{network.parameters:,}"
    assert metric(page, "Multiply-adds a picture") == f"{network.macs:,}"
    assert not start_button(page).disabled


def test_a_change_moves_the_numbers(page: AppTest) -> None:
    before = metric(page, "Parameters")
    filters = labeled(page.number_input, "Filters")
    assert [box.value for box in filters] == [16, 16, 32, 32, 64]
    no_exception(filters[0].set_value(24).run())
    assert metric(page, "Parameters") != before
    assert labeled(page.number_input, "Filters")[0].value == 24


def test_what_cannot_be_built_is_said_at_its_layer_and_start_is_off(page: AppTest) -> None:
    no_exception(labeled(page.number_input, "Kernel")[4].set_value(31).run())
    assert start_button(page).disabled
    said = [error.value for error in page.error]
    assert any("Conv2d" in words and "31" in words for words in said)
    no_exception(labeled(page.number_input, "Kernel")[4].set_value(3).run())
    assert not start_button(page).disabled
    assert not page.error


def test_blocks_are_added_copied_moved_and_removed(page: AppTest) -> None:
    def filters() -> list[int]:
        return [box.value for box in labeled(page.number_input, "Filters")]

    (add,) = labeled(page.button, "Add a block")
    no_exception(add.click().run())
    assert filters() == [16, 16, 32, 32, 64, 64]
    no_exception(icon_buttons(page, "copy")[0].click().run())
    assert filters() == [16, 16, 16, 32, 32, 64, 64]
    no_exception(icon_buttons(page, "up")[3].click().run())
    assert filters() == [16, 16, 32, 16, 32, 64, 64]
    for _ in range(7):
        first = next(button for button in icon_buttons(page, "drop"))
        no_exception(first.click().run())
    assert filters() == []
    assert not start_button(page).disabled


def test_a_new_preset_replaces_the_network(page: AppTest) -> None:
    no_exception(labeled(page.number_input, "Filters")[0].set_value(99).run())
    no_exception(page.selectbox(key="preset").set_value("lecture").run())
    assert [box.value for box in labeled(page.number_input, "Filters")] == [3, 2]
    no_exception(page.selectbox(key="preset").set_value(DEFAULT_PRESET).run())
    assert [box.value for box in labeled(page.number_input, "Filters")] == [16, 16, 32, 32, 64]


def test_the_code_follows_the_settings(page: AppTest) -> None:
    (code,) = page.code
    assert "torch.optim.Adam(" in code.value
    no_exception(page.selectbox(key="optimizer").set_value("sgd").run())
    (code,) = page.code
    assert "torch.optim.SGD(" in code.value
    assert "momentum=0.9" in code.value
    compile(code.value, "train.py", "exec")


def test_augmentation_is_previewed_on_real_pictures(page: AppTest) -> None:
    assert len(page.get("image")) == 0
    no_exception(page.toggle(key="flip-x").set_value(True).run())
    assert len(page.get("image")) == 18
    (code,) = page.code
    assert "RandomHorizontalFlip" in code.value


@pytest.mark.parametrize(("device", "refused"), [("cpu", True), ("cuda:0", False)])
def test_a_training_too_large_for_the_machine_is_refused_here(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, device: str, refused: bool
) -> None:
    """The machine's memory says nothing about a training that goes to a GPU."""
    monkeypatch.setattr("pages.train.run_costs.visible_devices", lambda: (Device(device, "of a test"),))
    no_exception(labeled(page.select_slider, "Picture size (pixels)")[0].set_value(512).run())
    for box in labeled(page.number_input, "Filters")[:2]:
        box.set_value(4096)
    no_exception(page.select_slider(key="batch-size").set_value(4096).run())
    assert start_button(page).disabled == refused
    assert (
        any("doesn't fit into the memory" in error.value.replace("\\", "") for error in page.error) == refused
    )


@pytest.mark.parametrize("damage", ["pictures.jsonl", "split.json", "manifest.json"])
def test_a_damaged_data_set_is_named(workspace: Workspace, imported_digits: Dataset, damage: str) -> None:
    (brought(imported_digits, workspace).folder / damage).write_text("{")
    app = open_page("train/cnn")
    said = texts(app).replace("\\", "")
    assert damage in said or "Bring a data set first." in said


def test_too_few_pictures_and_a_single_class_are_explained(
    workspace: Workspace, digits: Dataset, tmp_path
) -> None:
    for label in ("1", "2"):
        source = next(picture for picture in digits.pictures if picture.label == label)
        path = tmp_path / "few" / label / "one.png"
        path.parent.mkdir(parents=True)
        shutil.copy(digits.path(source), path)
    few = import_folder(workspace, tmp_path / "few", "Few")
    app = open_page("train/cnn", dataset=few.id)
    assert start_button(app).disabled
    assert any("no picture to validate on" in error.value for error in app.error)
    shutil.rmtree(tmp_path / "few" / "2")
    single = import_folder(workspace, tmp_path / "few", "Single")
    app = open_page("train/cnn", dataset=single.id)
    assert any("at least 2 classes" in error.value for error in app.error)
