import io
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset, delete_dataset
from core.insight.places import map_places
from core.insight.recording import maps_of, record
from core.insight.reference import SubjectRef
from core.insight.sources import open_subject
from core.insight.statistics import channel_facts
from core.runs.store import Run, delete_run
from core.training.checkpoint import load_tensors
from core.workspace import Workspace
from pages.shared.held import held_models
from pages.shared.text import plain
from tests.digits import import_folder, may_lose_pictures, write_digits
from tests.pages.helper import button, no_exception, open_page, texts
from tests.pages.look.looking import (
    LITE0,
    best_of,
    component,
    labels_of,
    numbers_of,
    place_of,
    values_of,
    widget,
)
from tests.pages.runs import finished_run

PAGE = "look/feature_maps"
NETWORK = "backbone.efficientnet_lite0"
NUMBERS, CODE = "The channels in numbers", "Code"


def choose(app: AppTest, kind: str, label: str, value: object) -> AppTest:
    return no_exception(widget(app, kind, label).set_value(value).run())


def maps_for(workspace: Workspace, ref: SubjectRef, layer: str, *pictures: Path) -> np.ndarray:
    """(B, C, H, W) that the layer makes of pictures."""
    subject = open_subject(workspace, ref)
    row = place_of(subject, layer).row
    x = subject.batch([subject.read(picture) for picture in pictures])
    return maps_of(subject, record(subject, x, [row]), row)


def photo(tmp_path: Path) -> Path:
    path = tmp_path / "china.png"
    Image.fromarray(load_sample_image("china.jpg")).save(path)
    return path


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="own_picture").set_value((name, content, "image/png"))
    return no_exception(app.run())


def own_picture(run: Run) -> AppTest:
    return choose(open_page(PAGE, network=f"run.{run.id}"), "button_group", "Picture", "Upload")


def test_an_empty_workspace_shows_true_values_of_a_network_that_is_always_there(
    workspace: Workspace, tmp_path: Path
) -> None:
    app = open_page(PAGE)
    assert (app.query_params["network"], app.query_params["layer"]) == (NETWORK, "stem.conv")
    assert widget(app, "button_group", "Picture").options == ["Sample", "Upload", "Camera"]
    maps = maps_for(workspace, LITE0, "stem.conv", photo(tmp_path))[0]
    grid = component(app, "maps")
    activity = np.abs(maps).mean((1, 2))
    assert numbers_of(grid) == np.argsort(-activity)[:16].tolist()
    for index, tile in zip(numbers_of(grid), grid["tiles"], strict=True):
        np.testing.assert_allclose(values_of(tile), maps[index], atol=1e-4)
        assert tile["range"]
    assert len({tile["limit"] for tile in grid["tiles"]}) == 1
    assert (grid["picture"]["height"], grid["picture"]["width"]) == (224, 224)
    assert [len(spans) for spans in grid["sight"]] == [112, 112]
    assert grid["picked"] == 0
    assert "32 maps of 112 x 112" in texts(app)
    assert "3 x 3 pixels" in texts(app)

    app = choose(app, "button_group", "Colour scale", "each its own")
    assert len({tile["limit"] for tile in component(app, "maps")["tiles"]}) == 16
    app = choose(app, "selectbox", "Order", "by number")
    app = choose(app, "number_input", "Part, of 2", 2)
    chosen = widget(app, "number_input", "Channel").value
    assert numbers_of(component(app, "maps")) == [*([] if chosen > 15 else [chosen]), *range(16, 32)]


def test_a_thousand_channels_are_searched_by_number_and_in_parts() -> None:
    app = open_page(PAGE, network=NETWORK, layer="head.conv")
    first = numbers_of(component(app, "maps"))
    wanted = next(number for number in range(1280) if number not in first)
    app = choose(app, "number_input", "Channel", wanted)
    grid = component(app, "maps")
    assert numbers_of(grid) == [wanted, *first]
    assert grid["picked"] == 0
    assert labels_of(component(app, "pooled"))[0] == f"channel {wanted}"
    app = choose(app, "number_input", "Part, of 80", 80)
    assert len(set(numbers_of(component(app, "maps"))) - {wanted}) == 16
    app = choose(app, "number_input", "Channel", first[3])
    assert numbers_of(component(app, "maps"))[0] == first[3]


def test_maps_of_one_value_see_everything_and_are_not_pooled() -> None:
    app = open_page(PAGE, network=NETWORK, layer="pool")
    grid = component(app, "maps")
    assert {tuple(tile["shape"]) for tile in grid["tiles"]} == {(1, 1)}
    assert grid["sight"] is None
    assert "can't be pooled" in texts(app)
    assert "sees the whole picture" in texts(app)


def test_a_run_looks_at_a_picture_of_its_own_data_set(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    app = open_page(PAGE)
    assert app.query_params["network"] == f"run.{run.id}"
    assert app.query_params["dataset"] == digits.id
    for layer in ("conv1", "activation2", "pool2"):
        app = choose(app, "selectbox", "Layer", layer)
        app = choose(app, "number_input", "Picture's number", 33)
        maps = maps_for(workspace, best_of(run.id), layer, digits.path(digits.pictures[33]))[0]
        grid = component(app, "maps")
        for index, tile in zip(numbers_of(grid), grid["tiles"], strict=True):
            np.testing.assert_allclose(values_of(tile), maps[index], atol=1e-5)
    app = no_exception(app.button(key="draw_picture").click().run())
    assert widget(app, "number_input", "Picture's number").value != 33


def test_another_runs_own_data_set_is_chosen_with_it(
    workspace: Workspace, run: Run, digits: Dataset, tmp_path: Path
) -> None:
    write_digits(tmp_path / "others", 60)
    others = import_folder(workspace, tmp_path / "others", "Others")
    second = finished_run(workspace, others, "Second", epochs=1)
    app = open_page(PAGE, network=f"run.{run.id}")
    assert app.query_params["dataset"] == digits.id
    app = choose(app, "selectbox", "Network", f"run.{second.id}")
    assert app.query_params["dataset"] == others.id
    assert choose_view(app, NUMBERS).toggle(key="over_batch").label == "Over 32 pictures of Others as well"


def choose_view(app: AppTest, view: str) -> AppTest:
    app.query_params["maps_view"] = view
    return no_exception(app.run())


def test_pooling_is_what_torch_makes_of_the_map(workspace: Workspace, tmp_path: Path) -> None:
    app = open_page(PAGE, layer="blocks.3.expand.conv", network=NETWORK)
    channel = widget(app, "number_input", "Channel").value
    maps = maps_for(workspace, LITE0, "blocks.3.expand.conv", photo(tmp_path))
    one = torch.from_numpy(maps[:, channel : channel + 1])
    app = choose(app, "slider", "Window, pixels", 3)
    app = choose(app, "toggle", "Stride as the window", False)
    app = choose(app, "slider", "Stride", 2)
    original, largest, mean = map(values_of, component(app, "pooled")["tiles"])
    np.testing.assert_allclose(original, one[0, 0], atol=1e-4)
    np.testing.assert_allclose(largest, torch.nn.functional.max_pool2d(one, 3, 2)[0, 0], atol=1e-4)
    np.testing.assert_allclose(mean, torch.nn.functional.avg_pool2d(one, 3, 2)[0, 0], atol=1e-4)
    assert "become 27 x 27" in texts(app)


def test_the_channels_in_numbers(workspace: Workspace, run: Run, digits: Dataset) -> None:
    app = open_page(PAGE, maps_view=NUMBERS, layer="activation1")
    maps = maps_for(workspace, best_of(run.id), "activation1", digits.path(digits.pictures[0]))[0]
    table = app.dataframe[0].value
    assert table["Mean"].tolist() == pytest.approx(maps.mean((1, 2)), abs=1e-5)
    assert table["Zeros, %"].tolist() == pytest.approx(100 * (maps == 0).mean((1, 2)))
    assert not any("pictures" in name for name in table)


def test_the_channels_over_pictures_of_the_data_set(workspace: Workspace, run: Run, digits: Dataset) -> None:
    kill(run, channel=5)
    may_lose_pictures(digits)
    for picture in digits.pictures[::3]:  # passed over
        digits.path(picture).unlink()
        digits.path(picture).touch()
    app = choose(open_page(PAGE, maps_view=NUMBERS, layer="activation1"), "button_group", "Picture", "Sample")
    app = no_exception(app.toggle(key="over_batch").set_value(True).run())
    drawn = [index for index in random.Random(0).sample(range(500), 32) if index % 3]
    pictures = [digits.path(digits.pictures[index]) for index in drawn]
    expected = channel_facts(maps_for(workspace, best_of(run.id), "activation1", *pictures))
    table = app.dataframe[0].value
    for name, values in {
        "Mean": expected.mean,
        "Mean absolute value": expected.activity,
        "Least": expected.low,
        "Greatest": expected.high,
        "Zeros, %": 100 * expected.zeros,
    }.items():
        np.testing.assert_allclose(table[f"{name}, 32 pictures"], values, atol=1e-5)
    assert expected.dead.tolist() == [5]
    assert "**1 channel of 8 put out nothing but 0**" in texts(app)
    assert "They are 5." in texts(app)

    for picture in digits.pictures:
        digits.path(picture).unlink()
    app = choose(app, "selectbox", "Layer", "pool1")
    assert "can't be read any more" in app.error[0].value


def kill(run: Run, channel: int) -> None:
    """Let a channel of the first layer put out nothing but 0 after its ReLU."""
    weights = load_tensors(run.folder / "best.pt")
    weights["norm1.weight"][channel], weights["norm1.bias"][channel] = 0, -1
    torch.save(weights, run.folder / "best.pt")


def test_a_picture_of_any_mode_is_taken_and_what_is_none_is_named(run: Run) -> None:
    app = own_picture(run)
    assert "Give a picture" in app.info[0].value
    app = upload(app, "words.png", b"not a picture")
    assert app.error
    assert not [each for each in app.get("bidi_component") if each.proto.id.endswith("-maps")]
    cmyk = io.BytesIO()
    Image.effect_mandelbrot((900, 300), (-2, -1, 1, 1), 20).convert("CMYK").save(cmyk, "JPEG")
    app = upload(app, "photo.jpg", cmyk.getvalue())
    assert not app.error
    assert len(component(app, "maps")["tiles"]) == 8


def test_only_one_network_is_in_memory_for_one_browser(run: Run) -> None:
    app = open_page(PAGE)
    assert len(held_models()) == 1
    app = choose(app, "selectbox", "Network", NETWORK)
    assert "stem.conv" in app.query_params["layer"]
    assert len(held_models()) == 1


@pytest.mark.parametrize("file", ["best.pt", "model.json"])
def test_a_damaged_run_is_named_and_others_can_be_chosen(run: Run, file: str) -> None:
    path = run.folder / file
    path.write_bytes(path.read_bytes()[:40])
    app = open_page(PAGE, network=f"run.{run.id}")
    assert plain(file) in app.error[0].value
    app = choose(app, "selectbox", "Network", NETWORK)
    assert not app.error
    assert component(app, "maps")["tiles"]


@pytest.mark.parametrize("file", ["status.json", "metrics.jsonl"])
def test_a_run_whose_record_is_damaged_is_still_looked_into(run: Run, file: str) -> None:
    (run.folder / file).write_bytes(b"{")
    app = open_page(PAGE, network=f"run.{run.id}")
    assert not app.error
    assert len(component(app, "maps")["tiles"]) == 8


def test_a_run_and_a_data_set_that_are_deleted_while_the_page_is_open(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    app = open_page(PAGE, maps_view="What excites a channel")
    delete_dataset(workspace, digits.id)
    app = no_exception(app.run())
    assert "no pictures to search" in texts(app)
    assert app.query_params["network"] == f"run.{run.id}"
    delete_run(run)
    app = no_exception(app.run())
    assert app.query_params["network"] == NETWORK
    assert component(app, "maps")["tiles"]


def test_a_picture_that_is_gone_from_the_data_set_is_named(run: Run, digits: Dataset) -> None:
    may_lose_pictures(digits)
    digits.path(digits.pictures[0]).unlink()
    app = open_page(PAGE)
    assert "is gone from Digits" in app.error[0].value
    app = choose(app, "number_input", "Picture's number", 1)
    assert not app.error


def test_weights_that_are_not_finite(run: Run) -> None:
    weights = load_tensors(run.folder / "best.pt")
    torch.save({name: value * float("nan") for name, value in weights.items()}, run.folder / "best.pt")
    app = open_page(PAGE)
    assert {tile["range"] for tile in component(app, "maps")["tiles"]} == {"no finite value"}
    assert not choose_view(app, NUMBERS).error


def test_an_address_that_makes_no_sense_shows_the_first_of_each(run: Run) -> None:
    app = open_page(PAGE, network="x", layer="<b>", convolution="z", dataset="../..", maps_view="none")
    assert app.query_params["network"] == f"run.{run.id}"
    assert app.query_params["layer"] == "conv1"
    assert labels_of(component(app, "pooled"))[1] == "max pooling"
    assert not app.error


def test_the_outline_marks_the_part_that_holds_the_layer(workspace: Workspace) -> None:
    app = open_page(PAGE, network=NETWORK, layer="head.conv")
    subject = open_subject(workspace, LITE0)
    outline = component(app, f"outline-{subject.key}")
    assert outline["pickable"]
    assert 0 < outline["chosen"] < outline["svg"].count("data-words")
    assert len(widget(app, "selectbox", "Layer").options) == len(map_places(subject.walk))


def test_a_vision_transformer_says_what_cannot_be_shown() -> None:
    app = open_page(PAGE, network="backbone.vit_b_32")
    app = no_exception(button(app, "Look at untrained weights").click().run())
    assert "vision transformer" in app.info[0].value
    assert widget(app, "selectbox", "Layer").options[0].startswith("conv_proj")
    assert {tuple(tile["shape"]) for tile in component(app, "maps")["tiles"]} == {(7, 7)}


def test_code_is_plain_where_the_layer_is_a_module_of_a_known_network(run: Run) -> None:
    app = open_page(PAGE, maps_view=CODE)
    code = app.code[0].value
    assert "get_submodule('conv1')" in code
    assert str(run.folder / "best.pt") in code
    app = choose(app, "selectbox", "Network", NETWORK)
    assert "open_subject" in app.code[0].value


@pytest.mark.slow
def test_code_of_a_backbone_whose_maps_are_turned_gives_the_values_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ConvNeXt's blocks work on (H, W, C)."""
    import torchvision

    from core.models.weights import download_of
    from tests.core.insight.test_code import check_maps, said_here

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    download = download_of("convnext_tiny")
    assert download is not None
    download.place.parent.mkdir(parents=True)
    torch.save(torchvision.models.convnext_tiny().state_dict(), download.place)
    layer = "features.1.1.block.2"
    app = open_page(PAGE, network="backbone.convnext_tiny", layer=layer, maps_view=CODE)
    photo(tmp_path).rename(tmp_path / "picture.png")
    said = said_here(app.code[0].value)
    app = choose(app, "selectbox", "Order", "by number")
    maps: dict[int, np.ndarray] = {}
    counts = widget(app, "selectbox", "Maps")
    app = no_exception(counts.set_value(64).run())
    for part in (1, 2):
        app = choose(app, "number_input", "Part, of 2", part)
        grid = component(app, "maps")
        maps |= dict(zip(numbers_of(grid), map(values_of, grid["tiles"]), strict=True))
    check_maps(said, np.stack([maps[index] for index in range(96)]))
