import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torchvision import transforms

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import ConfigError


@pytest.fixture
def photo() -> Image.Image:
    return Image.fromarray(load_sample_image("china.jpg"))


@pytest.mark.parametrize("size", [(32, 32), (224, 224), (64, 48), (427, 640), (500, 700)])
@pytest.mark.parametrize("color", ColorMode)
def test_stretching_equals_torchvisions_resize(
    photo: Image.Image, size: tuple[int, int], color: ColorMode
) -> None:
    reference = transforms.Compose([transforms.Resize(size), transforms.ToTensor()])
    expected = reference(photo.convert(color.pillow_mode))
    preprocessing = Preprocessing.of(size, color, mean=0, std=1)
    ours = preprocessing.normalized(preprocessing.pixels(photo)[None])[0]
    assert ours.shape == preprocessing.shape
    assert np.array_equal(ours, expected.numpy())


def test_normalization_equals_torchvisions(photo: Image.Image) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    preprocessing = Preprocessing(40, 40, ColorMode.RGB, mean=mean, std=std)
    pixels = preprocessing.pixels(photo)
    reference = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])(pixels)
    assert torch.allclose(torch.from_numpy(preprocessing.normalized(pixels[None])[0]), reference, atol=1e-6)


def test_cropping_keeps_the_middle_and_the_shape_of_things() -> None:
    wide = np.zeros((40, 120), np.uint8)
    wide[:, 40:80] = 200
    pixels = Preprocessing.of((20, 20), ColorMode.GREY, resize=Resize.CROP).pixels(Image.fromarray(wide))
    assert int(pixels[:, 1:-1].min()) == 200


def test_padding_keeps_all_and_adds_black_bars() -> None:
    wide = Image.new("L", (120, 40), 200)
    pixels = Preprocessing.of((60, 60), ColorMode.GREY, resize=Resize.PAD).pixels(wide)[:, :, 0]
    assert set(np.unique(pixels[:20])) == {0}
    assert set(np.unique(pixels[21:39])) == {200}
    assert set(np.unique(pixels[40:])) == {0}


def test_grey_and_colour_pictures_become_what_the_network_takes(photo: Image.Image) -> None:
    rgb = Preprocessing.of((8, 8), ColorMode.RGB).pixels(photo.convert("L"))
    assert rgb.shape == (8, 8, 3)
    assert np.array_equal(rgb[..., 0], rgb[..., 2])
    assert Preprocessing.of((8, 8), ColorMode.GREY).pixels(photo).shape == (8, 8, 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"height": 0}, "size is out of range"),
        ({"width": 5000}, "size is out of range"),
        ({"mean": (0.5,)}, "normalization doesn't fit"),
        ({"std": (0.5, 0.0, 0.5)}, "not positive"),
    ],
)
def test_what_cannot_work_is_refused(settings: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Preprocessing(**settings)
