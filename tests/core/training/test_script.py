import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.data.splitting import current_split
from core.models.presets import PRESETS
from core.training.cnn_run import train_cnn
from core.training.config import CnnRunConfig, Optimizer, Precision, Schedule
from core.training.execution import Execution
from core.training.measured import calibration_file, load_calibration
from core.training.script import training_script
from core.workspace import Workspace
from tests.digits import import_folder, small_run
from tests.scripts import said_alone, said_here

pytestmark = pytest.mark.slow


def numbers_of(said: str) -> list[list[float]]:
    """Those of each printed epoch: train loss and accuracy, validation loss and accuracy."""
    lines = [line for line in said.splitlines() if line.startswith("Epoch")]
    return [[float(number) for number in re.findall(r"\d+\.\d+", line)] for line in lines]


def check_same_numbers(
    workspace: Workspace,
    dataset: Dataset,
    config: CnnRunConfig,
    tmp_path: Path,
    tolerance: float,
    said_by: Callable[[str, Path], str] = said_here,
) -> None:
    if config.training.precision is Precision.AUTO:
        config = replace(config, training=replace(config.training, precision=Precision.FLOAT32))
    run = tmp_path / "run"
    run.mkdir()
    ours = train_cnn(workspace, config, run).outcome.history
    calibration = load_calibration(calibration_file(workspace, config, "cpu"))
    assert calibration is not None
    source = training_script(config, dataset, current_split(dataset), execution=calibration.execution)
    theirs = numbers_of(said_by(source, tmp_path / "plain"))
    assert len(theirs) == len(ours)
    for record, numbers in zip(ours, theirs, strict=True):
        expected = [record.train_loss, record.train_accuracy, record.valid_loss, record.valid_accuracy]
        assert numbers == pytest.approx(expected, abs=tolerance)
    plain = torch.load(tmp_path / "plain" / "best.pt", weights_only=True)
    best = torch.load(run / "best.pt", weights_only=True)
    assert plain.keys() == best.keys()
    assert all(torch.allclose(plain[name].float(), best[name].float(), atol=1e-2) for name in best)


@pytest.mark.parametrize(
    ("preset", "training"),
    [
        ("small-vgg", {"learning_rate": 1e-3}),
        ("lecture", {"optimizer": Optimizer.SGD, "class_weights": True}),
        ("small-resnet", {"optimizer": Optimizer.ADAMW, "schedule": Schedule.COSINE, "weight_decay": 1e-2}),
        ("lenet-5", {"epochs": 4, "patience": 1, "learning_rate": 5e-3, "gradient_clip": 0.5}),
    ],
)
def test_the_script_trains_as_the_run_does(
    workspace: Workspace, digits: Dataset, tmp_path: Path, preset: str, training: dict
) -> None:
    chosen = PRESETS[preset]
    config = replace(
        small_run(digits, **training),
        cnn=chosen.config,
        preprocessing=Preprocessing.of((32, 32), chosen.color),
    )
    said_by = said_alone if preset == "lecture" else said_here
    check_same_numbers(workspace, digits, config, tmp_path, tolerance=2e-3, said_by=said_by)


def test_the_script_learns_in_bfloat16_where_the_run_does(
    workspace: Workspace, digits: Dataset, tmp_path: Path
) -> None:
    config = small_run(digits, precision=Precision.BFLOAT16, optimizer=Optimizer.SGD, learning_rate=0.05)
    check_same_numbers(workspace, digits, config, tmp_path, tolerance=2e-2)
    execution = Execution("cpu", Precision.BFLOAT16, True, 2, 32)
    measured = training_script(small_run(digits), digits, current_split(digits), execution=execution)
    assert "torch.bfloat16" in measured
    assert "bfloat16" not in training_script(small_run(digits), digits, current_split(digits))


def test_colour_photographs_are_read_alike(workspace: Workspace, tmp_path: Path) -> None:
    """JPEGs that a phone turned, PNGs with transparency and with a palette."""
    for label, photo in zip(("temple", "flower"), load_sample_images().images, strict=True):
        folder = tmp_path / "photos" / label
        folder.mkdir(parents=True)
        image = Image.fromarray(photo)
        for index in range(8):
            part = image.crop((40 * index, 20 * index, 40 * index + 320, 20 * index + 240))
            exif = Image.Exif()
            exif[0x0112] = (1, 3, 6, 8)[index % 4]
            part.save(folder / f"{index}.jpg", exif=exif)
        part.convert("RGBA").rotate(30).save(folder / "alpha.png")
        part.quantize(32).save(folder / "palette.png")
    photos = import_folder(workspace, tmp_path / "photos", "Photos")
    config = replace(
        small_run(photos, batch_size=4),
        preprocessing=Preprocessing.of((24, 36), ColorMode.RGB, mean=0.4, std=0.3, resize=Resize.CROP),
    )
    check_same_numbers(workspace, photos, config, tmp_path, tolerance=2e-3)


def test_with_augmentation_it_makes_the_same_kinds_of_changes(digits: Dataset, tmp_path: Path) -> None:
    augmentation = Augmentation(True, True, 15, 0.8, 0.2, 0.2, 0.2)
    config = replace(small_run(digits, epochs=1), augmentation=augmentation)
    source = training_script(config, digits, current_split(digits))
    for name in (
        "RandomResizedCrop",
        "RandomHorizontalFlip",
        "RandomVerticalFlip",
        "RandomRotation",
        "ColorJitter",
    ):
        assert name in source
    (numbers,) = numbers_of(said_here(source, tmp_path / "plain"))
    assert numbers[0] > 0


def test_a_class_with_a_line_separator_in_its_name_is_read(workspace: Workspace, tmp_path: Path) -> None:
    for label in ("one\u2028line", "two"):
        folder = tmp_path / "lines" / label
        folder.mkdir(parents=True)
        for number in range(6):
            Image.new("L", (8, 8), 40 * number + len(label)).save(folder / f"{number}.png")
    dataset = import_folder(workspace, tmp_path / "lines", "Lines")
    check_same_numbers(workspace, dataset, small_run(dataset), tmp_path, tolerance=2e-3)
