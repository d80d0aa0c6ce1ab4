"""The settings that say how a training computes, and which bounds it keeps."""

import pytest
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.records import from_json
from core.runs.store import Run
from core.training.config import CnnRunConfig, Precision, TrainingConfig
from core.training.device import Device
from tests.pages.helper import button, no_exception, open_page

GPU_ONLY = {"deterministic", "compiled"}


def settings(app: AppTest, started: list[Run]) -> TrainingConfig:
    no_exception(button(app, "Start training").click().run())
    return from_json(CnnRunConfig, started[-1].config()).training


def toggles(app: AppTest) -> set[str]:
    return {toggle.key for toggle in app.toggle}


def test_by_default_it_measures_and_bounds_nothing(digits: Dataset, started: list[Run]) -> None:
    chosen = settings(open_page("train/cnn"), started)
    assert chosen == TrainingConfig(epochs=5)


@pytest.mark.parametrize("precision", Precision)
def test_precision(digits: Dataset, started: list[Run], precision: Precision) -> None:
    app = open_page("train/cnn")
    assert "decimal digits" in app.selectbox(key="precision").help
    no_exception(app.selectbox(key="precision").set_value(precision).run())
    assert settings(app, started).precision is precision


def test_gradient_clipping(digits: Dataset, started: list[Run]) -> None:
    app = no_exception(open_page("train/cnn").toggle(key="clip").set_value(True).run())
    assert settings(app, started).gradient_clip == 1.0
    no_exception(app.number_input(key="longest-gradient").set_value(0.25).run())
    assert settings(app, started).gradient_clip == 0.25
    no_exception(app.toggle(key="clip").set_value(False).run())
    assert settings(app, started).gradient_clip is None


@pytest.mark.parametrize(("device", "shown"), [("cpu", False), ("mps", False), ("cuda:0", True)])
def test_what_only_a_gpu_can_is_offered_only_there(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch, device: str, shown: bool
) -> None:
    monkeypatch.setattr("pages.train.machine_form.visible_devices", lambda: (Device(device, "of a test"),))
    app = open_page("train/cnn")
    assert (toggles(app) & GPU_ONLY == GPU_ONLY) == shown


def test_a_gpu_compiles_and_repeats_itself(
    digits: Dataset, started: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.train.machine_form.visible_devices", lambda: (Device("cuda:0", "GPU"),))
    app = open_page("train/cnn")
    app.toggle(key="deterministic").set_value(True)
    no_exception(app.toggle(key="compiled").set_value(True).run())
    chosen = settings(app, started)
    assert (chosen.deterministic, chosen.compiled) == (True, True)
