from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode
from core.data.splitting import current_split
from core.models.presets import PRESETS
from core.training.suggestion import rare_class, suggest_color, suggest_side
from core.workspace import Workspace
from tests.digits import import_folder


@pytest.fixture
def photos(workspace: Workspace, tmp_path: Path) -> Dataset:
    for label, photo in zip(("temple", "flower"), load_sample_images().images, strict=True):
        (tmp_path / "photos" / label).mkdir(parents=True)
        Image.fromarray(photo).save(tmp_path / "photos" / label / "one.jpg")
    return import_folder(workspace, tmp_path / "photos", "Photos")


def test_grey_digits_stay_grey_and_small(digits: Dataset) -> None:
    assert suggest_color(digits) is ColorMode.GREY
    assert [suggest_side(digits, preset) for preset in PRESETS.values()] == [32, 100, 32, 32]


def test_photos_get_their_colours_and_more_pixels(photos: Dataset) -> None:
    assert suggest_color(photos) is ColorMode.RGB
    sides = {name: suggest_side(photos, preset) for name, preset in PRESETS.items()}
    assert sides == {"small-vgg": 64, "lecture": 100, "lenet-5": 32, "small-resnet": 64}


def test_one_coloured_picture_among_grey_ones_asks_for_colours(digits: Dataset) -> None:
    mixed = replace(digits, pictures=(*digits.pictures, replace(digits.pictures[0], mode="P")))
    assert suggest_color(mixed) is ColorMode.RGB


def test_a_class_much_rarer_than_the_largest_is_named(digits: Dataset) -> None:
    split = current_split(digits)
    assert rare_class(digits, split) is None
    zeros = [row for row in split.train if digits.pictures[row].label == "0"]
    fewer = replace(split, train=tuple(row for row in split.train if row not in zeros[3:]))
    rare = rare_class(digits, fewer)
    assert rare is not None
    assert (rare.label, rare.pictures) == ("0", 3)
    assert rare.largest > 30
