import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.dataset import Dataset
from core.errors import ModelFileError
from core.records import to_json
from core.runs.store import Run, create_run
from core.serving.prediction import load_predictor
from core.training.cnn_run import train_cnn
from core.training.config import Loss
from core.training.predictions import load_predictions
from core.workspace import Workspace, read_json, write_json
from tests.digits import import_folder, small_run


@pytest.fixture
def run(workspace: Workspace, digits: Dataset) -> Run:
    config = small_run(digits, epochs=2)
    created = create_run(workspace.runs, to_json(config), config.name)
    train_cnn(workspace, config, created.folder)
    return created


def test_a_file_gets_the_very_probabilities_of_its_validation(run: Run, digits: Dataset) -> None:
    predictor = load_predictor(run)
    valid = load_predictions(run.folder, "valid")
    assert valid is not None
    files = [digits.path(digits.pictures[row]) for row in valid.rows]
    probabilities = predictor.predict([predictor.read(file) for file in files])
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - valid.probabilities).max() < 1e-6
    from_bytes = predictor.predict([predictor.read(file.read_bytes()) for file in files[:3]])
    assert np.abs(from_bytes - probabilities[:3]).max() < 1e-6


def test_saving_and_loading_keeps_every_logit(run: Run, tmp_path: Path) -> None:
    first = load_predictor(run)
    torch.save(first.model.state_dict(), tmp_path / "copy.pt")
    second = load_predictor(run)
    second.model.load_state_dict(torch.load(tmp_path / "copy.pt", weights_only=True))
    x = torch.randn(5, 1, 8, 8)
    with torch.inference_mode():
        assert torch.equal(first.model(x), second.model(x))


def test_what_was_received_has_the_training_size_and_colour(run: Run) -> None:
    photo = Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 50).convert("RGB")
    received = load_predictor(run).received(photo)
    assert received.shape == (8, 8, 1)
    assert received.dtype == np.uint8


def test_no_picture_gives_no_row(run: Run) -> None:
    assert load_predictor(run).predict([]).shape == (0, 10)


def test_a_single_logit_gives_two_probabilities(
    workspace: Workspace, digits: Dataset, tmp_path: Path
) -> None:
    for picture in digits.pictures:
        if picture.label in "38":
            path = tmp_path / "two" / picture.label / picture.name.split("/")[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(digits.path(picture).read_bytes())
    config = small_run(import_folder(workspace, tmp_path / "two", "Two"), loss=Loss.SINGLE_LOGIT)
    run = create_run(workspace.runs, to_json(config), "two")
    train_cnn(workspace, config, run.folder)
    predictor = load_predictor(run)
    some = [np.full((8, 8, 1), grey, np.uint8) for grey in (0, 90, 255)]
    probabilities = predictor.predict(some)
    assert probabilities.shape == (3, 2)
    assert np.allclose(probabilities.sum(1), 1)


def test_a_run_without_a_model_says_so(workspace: Workspace, digits: Dataset) -> None:
    fresh = create_run(workspace.runs, to_json(small_run(digits)), "fresh")
    with pytest.raises(ModelFileError, match=r"model\.json is missing"):
        load_predictor(fresh)


def test_weights_of_another_network_are_refused(run: Run) -> None:
    description = read_json(run.folder / "model.json")
    description["cnn"]["blocks"][0]["filters"] = 5
    write_json(run.folder / "model.json", description)
    with pytest.raises(ModelFileError, match=r"best\.pt don't fit"):
        load_predictor(run)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"hello"])
def test_damaged_weights_are_named(run: Run, content: bytes) -> None:
    (run.folder / "best.pt").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"best\.pt can't be read"):
        load_predictor(run)


class Exploit:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize(
    "write", [lambda v, p: torch.save(v, p), lambda v, p: p.write_bytes(pickle.dumps(v))]
)
def test_code_in_a_weights_file_never_runs(run: Run, tmp_path: Path, write) -> None:
    target = tmp_path / "was here"
    write({"conv1.weight": Exploit(target)}, run.folder / "best.pt")
    with pytest.raises(ModelFileError, match=r"best\.pt can't be read"):
        load_predictor(run)
    assert not target.exists()


def test_preprocessing_travels_with_the_model(run: Run, digits: Dataset) -> None:
    predictor = load_predictor(run)
    assert predictor.preprocessing == small_run(digits).preprocessing
    assert predictor.classes == digits.classes
    other = replace(predictor.preprocessing, mean=(0.1,))
    picture = Image.open(digits.path(digits.pictures[0]))
    pixels = predictor.received(picture)[None]
    assert not np.array_equal(other.normalized(pixels), predictor.preprocessing.normalized(pixels))
