import shutil

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset
from core.insight.reference import SubjectRef
from core.insight.sources import open_subject
from core.runs.store import Run, delete_run
from core.training.checkpoint import load_tensors
from core.training.snapshots import snapshot_path
from core.workspace import Workspace
from pages.shared.text import plain
from tests.pages.helper import no_exception, open_page, texts
from tests.pages.look.looking import LITE0, best_of, component, labels_of, numbers_of, values_of, widget
from tests.pages.runs import new_run

PAGE = "look/filters"
NETWORK = "backbone.efficientnet_lite0"


def weights_of(workspace: Workspace, ref: SubjectRef, layer: str) -> np.ndarray:
    return open_subject(workspace, ref).model.get_submodule(layer).weight.detach().numpy()  # type: ignore[union-attr, operator]


def choose(app: AppTest, kind: str, label: str, value: object) -> AppTest:
    return no_exception(widget(app, kind, label).set_value(value).run())


def test_an_empty_workspace_shows_the_colours_of_a_network_that_is_always_there(workspace: Workspace) -> None:
    app = open_page(PAGE)
    assert app.query_params["network"] == NETWORK
    weights = weights_of(workspace, LITE0, "stem.conv")
    grid = component(app, "filters")
    assert numbers_of(grid) == list(range(32))
    for kernel, tile in zip(weights, grid["tiles"], strict=True):
        np.testing.assert_array_equal(values_of(tile), kernel.transpose(1, 2, 0))
        assert tile["detail"] == f"norm {np.linalg.norm(kernel):.3g}"
        assert tile["range"]
        assert (tile["palette"], tile["limit"]) == ("channels", float(np.abs(weights).max()))
    assert not app.select_slider
    assert "864 weights" in texts(app)

    app = choose(app, "selectbox", "Order", "norm, largest first")
    norms = np.linalg.norm(weights.reshape(32, -1), axis=1)
    assert numbers_of(component(app, "filters")) == np.argsort(-norms).tolist()
    app = choose(app, "button_group", "Colour scale", "each its own")
    limits = [tile["limit"] for tile in component(app, "filters")["tiles"]]
    assert limits == [float(np.abs(weights[index]).max()) for index in np.argsort(-norms)]


def test_slices_of_one_filter_and_of_one_channel(workspace: Workspace) -> None:
    app = open_page(PAGE, network=NETWORK, convolution="blocks.1.expand.conv")
    weights = weights_of(workspace, LITE0, "blocks.1.expand.conv")
    filters, channels = weights.shape[:2]
    app = choose(app, "selectbox", "Show", "one filter, a slice an input channel")
    app = choose(app, "number_input", "Filter", filters - 1)
    grid = component(app, "filters")
    assert labels_of(grid) == [f"channel {index}" for index in range(channels)]
    assert [values_of(tile).item() for tile in grid["tiles"]] == weights[-1].ravel().tolist()
    app = choose(app, "selectbox", "Show", "one input channel, a slice a filter")
    app = choose(app, "number_input", "Input channel", channels - 1)
    app = choose(app, "number_input", "Part, of 2", 2)
    grid = component(app, "filters")
    assert numbers_of(grid) == list(range(64, filters))
    assert [values_of(tile).item() for tile in grid["tiles"]] == weights[64:, -1].ravel().tolist()


def test_the_parts_of_a_matrix_are_the_whole_of_it(workspace: Workspace) -> None:
    app = open_page(PAGE, network=NETWORK, convolution="head.conv")
    tiles = component(app, "filters")["tiles"]
    app = choose(app, "number_input", "Part, of 2", 2)
    tiles += component(app, "filters")["tiles"]
    weights = weights_of(workspace, LITE0, "head.conv")[:, :, 0, 0]
    found = np.full_like(weights, np.nan)
    for tile in tiles:
        first, last = map(int, tile["label"].removeprefix("filters ").split(" to "))
        left, right = map(int, tile["detail"].removeprefix("channels ").split(" to "))
        found[first : last + 1, left : right + 1] = values_of(tile)
    np.testing.assert_array_equal(found, weights)
    assert "a row is a filter" in texts(app)


def test_depthwise_filters_have_one_slice_each(workspace: Workspace) -> None:
    app = open_page(PAGE, network=NETWORK, convolution="blocks.0.depthwise.conv")
    weights = weights_of(workspace, LITE0, "blocks.0.depthwise.conv")
    grid = component(app, "filters")
    for kernel, tile in zip(weights, grid["tiles"], strict=True):
        np.testing.assert_array_equal(values_of(tile), kernel[0])
    assert "depthwise" in widget(app, "selectbox", "Convolution").options[1]


def test_a_runs_filters_through_its_epochs(workspace: Workspace, run: Run) -> None:
    app = open_page(PAGE)
    assert app.query_params["network"] == f"run.{run.id}"
    slider = app.select_slider[0]
    assert slider.options == ["initial", "epoch 1", "epoch 2", "best"]
    states = {None: weights_of(workspace, best_of(run.id), "conv2")}
    states |= {
        epoch: load_tensors(snapshot_path(run.folder, epoch))["conv2.weight"].numpy() for epoch in range(3)
    }
    assert not np.array_equal(states[0], states[1])
    app = choose(app, "selectbox", "Convolution", "conv2")
    app = choose(app, "number_input", "Filter", 5)
    for epoch, weights in states.items():
        app = no_exception(app.select_slider[0].set_value(epoch).run())
        for kernel, tile in zip(weights[5], component(app, "filters")["tiles"], strict=True):
            np.testing.assert_array_equal(values_of(tile), kernel)
    app = no_exception(app.select_slider[0].set_value(0).run())
    (spread,) = app.get("plotly_chart")
    assert '"now"' in spread.proto.spec
    assert '"initial"' not in spread.proto.spec
    app = no_exception(app.select_slider[0].set_value(2).run())
    assert '"initial"' in app.get("plotly_chart")[0].proto.spec


def test_a_run_without_snapshots_has_no_slider(run: Run) -> None:
    shutil.rmtree(run.folder / "snapshots")
    app = open_page(PAGE)
    assert not app.select_slider
    assert numbers_of(component(app, "filters")) == list(range(8))


def test_weights_that_are_not_finite(run: Run) -> None:
    weights = load_tensors(run.folder / "best.pt")
    torch.save({name: value * float("nan") for name, value in weights.items()}, run.folder / "best.pt")
    app = open_page(PAGE)
    assert {tile["range"] for tile in component(app, "filters")["tiles"]} == {"no finite value"}
    app = choose(app, "selectbox", "Order", "norm, largest first")
    assert len(component(app, "filters")["tiles"]) == 8


@pytest.mark.parametrize("file", ["best.pt", "model.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_run_is_named_and_others_can_be_chosen(run: Run, file: str, damage: str) -> None:
    path = run.folder / file
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    else:
        path.unlink()
    app = open_page(PAGE, network=f"run.{run.id}")
    if (file, damage) == ("best.pt", "gone"):  # then it has no model to choose
        assert app.query_params["network"] == NETWORK
        return
    assert plain(file) in app.error[0].value
    app = choose(app, "selectbox", "Network", NETWORK)
    assert not app.error


def test_a_damaged_epoch_is_named_and_the_others_are_shown(run: Run) -> None:
    path = snapshot_path(run.folder, 1)
    path.write_bytes(path.read_bytes()[:40])
    app = open_page(PAGE)
    app = no_exception(app.select_slider[0].set_value(1).run())
    assert plain(path.name) in app.error[0].value
    app = no_exception(app.select_slider[0].set_value(2).run())
    assert not app.error


def test_a_run_that_is_deleted_while_the_page_is_open(run: Run) -> None:
    app = open_page(PAGE)
    delete_run(run)
    app = no_exception(app.run())
    assert app.query_params["network"] == NETWORK
    assert not app.error


def test_untrained_runs_are_no_choice(workspace: Workspace, digits: Dataset) -> None:
    new_run(workspace, digits, "Not yet")
    assert not any("Not yet" in words for words in widget(open_page(PAGE), "selectbox", "Network").options)


def test_an_address_that_makes_no_sense_shows_the_first_of_each(run: Run) -> None:
    app = open_page(PAGE, network="run.../x", convolution="<b>", layer="7")
    assert app.query_params["network"] == f"run.{run.id}"
    assert app.query_params["convolution"] == "conv1"
    assert not app.error


def test_the_code_is_of_the_epoch_that_is_shown(run: Run) -> None:
    app = open_page(PAGE)
    assert str(run.folder / "best.pt") in app.code[0].value
    app = no_exception(app.select_slider[0].set_value(0).run())
    assert str(snapshot_path(run.folder, 0)) in app.code[0].value
    assert "core" not in app.code[0].value.replace(str(run.folder), "")
    app = choose(app, "selectbox", "Network", NETWORK)
    assert "open_subject" in app.code[0].value
