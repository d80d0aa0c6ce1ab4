"""The code that the Predict page hands over runs as it stands and gives the predictor's numbers."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, Head, Pool
from core.models.saved_model import SavedModel, save_model_description
from core.runs.store import Run
from core.serving.calibration import calibrated
from core.serving.prediction import load_predictor
from core.serving.usage_code import core_code, pytorch_code, state_dict_lines
from core.training.checkpoint import CheckpointFolder
from core.training.predictions import save_predictions

PLAIN = CnnConfig((ConvBlock(4, batch_norm=True, dropout=0.3), ConvBlock(6)))
RESIDUAL = CnnConfig((ConvBlock(4, pool=Pool.NONE), ConvBlock(8, residual=True)), Head.GLOBAL_AVERAGE)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph, turned by its EXIF."""
    path = tmp_path / "it's a photo.jpg"
    picture = Image.fromarray(load_sample_image("flower.jpg")).resize((90, 60))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    return path


def trained(folder: Path, saved: SavedModel) -> Run:
    """A run folder with random weights and predictions: they tell any mistake apart just as well."""
    folder.mkdir()
    torch.manual_seed(1)
    model = build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs)
    CheckpointFolder(folder).save_best(model.state_dict())
    save_model_description(folder, saved)
    sure = np.array([[0.9, 0.1]] * 20, np.float32)
    save_predictions(folder, "valid", np.arange(20), np.arange(20) % 2, sure)
    return Run(folder)


def printed_probabilities(code: str) -> dict[str, float]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "usage code", "exec"), {})
    return {
        name: float(share)
        for name, _, share in (line.rpartition(": ") for line in said.getvalue().splitlines())
    }


@pytest.mark.parametrize("resize", list(Resize))
@pytest.mark.parametrize("color", list(ColorMode))
@pytest.mark.parametrize("single_logit", [False, True])
@pytest.mark.parametrize("cnn", [PLAIN, RESIDUAL])
def test_both_scripts_give_the_predictors_numbers(
    tmp_path: Path, photo: Path, resize: Resize, color: ColorMode, single_logit: bool, cnn: CnnConfig
) -> None:
    preprocessing = Preprocessing.of((20, 28), color, mean=0.4, std=0.3, resize=resize)
    saved = SavedModel(cnn, preprocessing, ('the "first"', "second: it's"), single_logit)
    run = trained(tmp_path / "a run's folder", saved)
    predictor = load_predictor(run)
    assert predictor.temperature > 1.5
    expected = calibrated(predictor.predict([predictor.read(photo)]), predictor.temperature)[0]
    plain = pytorch_code(saved, run.folder, predictor.temperature, str(photo))
    for code in (plain, core_code(run.folder, str(photo))):
        shares = printed_probabilities(code)
        assert list(shares) == list(saved.classes)
        assert np.allclose(list(shares.values()), expected, atol=6e-5)


def test_the_three_lines_save_load_and_switch_to_evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved = SavedModel(PLAIN, Preprocessing.of((8, 8), ColorMode.GREY), ("a", "b", "c"), False)
    run = trained(tmp_path / "run", saved)
    torch.manual_seed(2)
    model = build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    exec(state_dict_lines(run.folder), {"torch": torch, "model": model})
    assert not model.training
    best = torch.load(run.folder / "best.pt", weights_only=True)
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())
    written = torch.load(tmp_path / "my_model.pt", weights_only=True)
    assert all(torch.equal(value, before[name]) for name, value in written.items())


def test_the_plain_script_needs_nothing_of_this_project() -> None:
    saved = SavedModel(PLAIN, Preprocessing.of((8, 8), ColorMode.GREY), ("a", "b"), False)
    assert "core" not in pytorch_code(saved, Path("run"), 1.0)
    assert "OrderedDict" in pytorch_code(replace(saved, cnn=RESIDUAL), Path("run"), 1.0)
