"""A backbone whose trained weights are not on this machine."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from streamlit.testing.v1 import AppTest

from core.models.weights import download_of
from core.runs.store import Run, RunState, Status
from core.runs.weight_jobs import last_fetch
from core.workspace import Workspace
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.look.looking import component, values_of, widget

PAGE = "look/filters"
NAME = "squeezenet1_1"
LAYER = "features.0"
DOWNLOAD, UNTRAINED, TRAINED = "Download", "Look at untrained weights", "Get the trained ones"


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The downloads that are started; no process is."""
    runs: list[Run] = []
    monkeypatch.setattr("core.runs.weight_jobs.launch", runs.append)
    return runs


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return torchvision.models.get_model(NAME).state_dict()


def encoded(state: object) -> bytes:
    content = io.BytesIO()
    torch.save(state, content)
    return content.getvalue()


def opened() -> AppTest:
    return open_page(PAGE, network=f"backbone.{NAME}", convolution=LAYER)


def press(app: AppTest, label: str) -> AppTest:
    return no_exception(button(app, label).click().run())


def give(app: AppTest, content: bytes) -> AppTest:
    app.file_uploader(key=f"weights-{NAME}").set_value(("weights.pth", content, "application/octet-stream"))
    return no_exception(app.run())


def check_shown(app: AppTest, state: dict[str, torch.Tensor]) -> None:
    kernels = state[f"{LAYER}.weight"].numpy()
    for kernel, tile in zip(kernels, component(app, "filters")["tiles"], strict=True):
        np.testing.assert_array_equal(values_of(tile), kernel.transpose(1, 2, 0))


def test_missing_weights_are_offered_with_their_size() -> None:
    app = opened()
    assert "are not on this machine (5.0 MB)" in texts(app)
    assert {DOWNLOAD, UNTRAINED} <= set(labels(app))
    assert not app.get("bidi_component")
    app = no_exception(widget(app, "selectbox", "Network").set_value("backbone.efficientnet_lite0").run())
    assert component(app, "filters")["tiles"]


def test_untrained_weights_say_so_and_are_always_the_same() -> None:
    app = press(opened(), UNTRAINED)
    assert "untrained weights, drawn at random" in texts(app)
    first = component(app, "filters")
    assert component(press(opened(), UNTRAINED), "filters") == first
    assert "'random-0'" in app.code[0].value
    assert DOWNLOAD in labels(press(app, TRAINED))


def test_a_file_of_the_users_is_checked_kept_and_shown(state: dict[str, torch.Tensor]) -> None:
    app = give(opened(), b"no weights")
    assert app.error
    app = give(app, encoded({**state, f"{LAYER}.weight": torch.zeros(1)}))
    assert app.error
    app = give(app, encoded(state))
    assert not app.error
    check_shown(app, state)
    assert "open_subject" in app.code[0].value  # torchvision would load others


def test_what_torchvision_has_in_its_cache_is_shown(state: dict[str, torch.Tensor]) -> None:
    download = download_of(NAME)
    assert download is not None
    download.place.parent.mkdir(parents=True)
    download.place.write_bytes(encoded(state))
    app = opened()
    check_shown(app, state)
    assert "models.get_model(" in app.code[0].value


def test_a_damaged_file_in_torchvisions_cache_is_named() -> None:
    download = download_of(NAME)
    assert download is not None
    download.place.parent.mkdir(parents=True)
    download.place.write_bytes(b"cut")
    app = opened()
    assert len(app.error) == 1
    assert not app.get("bidi_component")


def test_a_download_is_watched_and_its_failure_told(workspace: Workspace, launched: list[Run]) -> None:
    app = press(opened(), DOWNLOAD)
    (job,) = launched
    assert "Cancel" in labels(app)
    assert DOWNLOAD not in labels(app)
    assert last_fetch(workspace, NAME) == job
    job.write_status(Status(RunState.FAILED, message="No way out.", fix="Give the file."))
    app = no_exception(app.run())
    assert "No way out" in app.error[0].value
    app = press(app, DOWNLOAD)
    assert len(launched) == 2


def test_a_network_that_does_not_exist_in_the_address_is_the_first_one() -> None:
    app = open_page(PAGE, network="backbone.../../etc")
    assert app.query_params["network"] == "backbone.efficientnet_lite0"
