"""model.py of an export runs by itself, and gives the predictor's numbers."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.backbone_preprocessing import BackbonePreprocessing, Interpolation
from core.models.cnn_config import CnnConfig, ConvBlock, Head
from core.models.saved_build import build_saved, empty_network
from core.models.saved_model import HeadConfig, Saved, SavedFeatures, SavedFineTuned, SavedModel
from core.serving.calibration import calibrated
from core.serving.export.model_script import model_scripts, needs_torchvision
from core.serving.prediction import Predictor

PLAIN = CnnConfig((ConvBlock(4, batch_norm=True, dropout=0.3), ConvBlock(6)))
RESIDUAL = CnnConfig((ConvBlock(4), ConvBlock(8, residual=True)), Head.GLOBAL_AVERAGE)
GREY = Preprocessing.of((20, 28), ColorMode.GREY, mean=0.4, std=0.3, resize=Resize.PAD)
RGB = Preprocessing.of((20, 28), ColorMode.RGB, resize=Resize.CROP)
BICUBIC = BackbonePreprocessing(40, 32, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4), Interpolation.BICUBIC)
BILINEAR = BackbonePreprocessing(48, 48, (0.4,) * 3, (0.2,) * 3)
TWO, THREE = ('the "first"', "second: it's"), ("a", "b", "c")


def imported(scripts: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """model.py, with the other scripts beside it."""
    for name, text in scripts.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(folder)
    for name in ("model", "efficientnet_lite0"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("model")


def with_random_weights(saved: Saved) -> Predictor:
    torch.manual_seed(1)
    model = empty_network(saved).to_empty(device="cpu")
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.01, 0.06)  # positive: variances are among them
    return Predictor(build_saved(saved, model.state_dict()), saved, temperature=1.7)


@pytest.mark.parametrize(
    "saved",
    [
        SavedModel(PLAIN, GREY, TWO, single_logit=True),
        SavedModel(RESIDUAL, RGB, THREE, single_logit=False),
        SavedModel(PLAIN, Preprocessing.of((9, 7), ColorMode.RGB), THREE, single_logit=False),
        SavedFineTuned("efficientnet_lite0", HeadConfig((5,), 0.2), BICUBIC, THREE, single_logit=False),
        SavedFineTuned("squeezenet1_1", HeadConfig(), BILINEAR, TWO, single_logit=True),
        SavedFeatures("mobilenet_v3_small", 1024, BILINEAR, THREE),
        SavedFeatures("efficientnet_lite0", 1280, BILINEAR, TWO),
    ],
    ids=lambda saved: f"{saved.kind} {getattr(saved, 'backbone', '')} {len(saved.classes)}",
)
def test_it_gives_the_predictors_numbers(
    saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = with_random_weights(saved)
    scripts = model_scripts(saved, predictor.temperature, "About it.")
    assert not any("core" in script for script in scripts.values())
    assert ("torchvision" in scripts["model.py"]) == needs_torchvision(saved)
    model = imported(scripts, tmp_path, monkeypatch)
    torch.save(predictor.model.state_dict(), tmp_path / "model.pt")
    network = model.load(tmp_path / "model.pt")
    photo = Image.fromarray(load_sample_image("china.jpg"))
    long, small = photo.crop((0, 0, 300, 2)), photo.crop((0, 0, 31, 30))
    for picture in (photo, photo.convert("L").resize((13, 90)), small, long):
        received = model.received(picture)
        assert np.array_equal(received, predictor.received(picture))
        with torch.inference_mode():
            said = model.probabilities(network(model.normalized(received[None]))).numpy()
        expected = calibrated(predictor.predict([received]), predictor.temperature)
        assert np.abs(said - expected).max() < 1e-5
    assert tuple(model.CLASSES) == saved.classes
    assert saved.preprocessing.at_least == model.AT_LEAST


def test_of_a_very_long_picture_only_the_middle_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = SavedFeatures("squeezenet1_1", 512, BILINEAR, THREE)
    model = imported(model_scripts(saved, 1.0, ""), tmp_path, monkeypatch)
    long = Image.effect_noise((60_000, 3), 90).convert("RGB")
    assert long.width / long.height * BILINEAR.resize**2 > model.MOST_PIXELS
    assert np.array_equal(model.received(long), BILINEAR.pixels(long))
