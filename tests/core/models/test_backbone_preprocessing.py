"""Pixel for pixel what torchvision's weights do to a PIL picture."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.decoding import open_picture
from core.errors import ConfigError
from core.models import backbone_preprocessing
from core.models.backbone_preprocessing import BackbonePreprocessing, Interpolation

HALF = (0.5, 0.5, 0.5)
SIZES = [(640, 427), (427, 640), (333, 500), (257, 255), (256, 256), (224, 224), (97, 401), (7, 5), (1, 1)]
NAMES = ("resnet18", "densenet121", "efficientnet_b0", "convnext_tiny", "mobilenet_v3_small", "vgg11")


def photo(size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(load_sample_image("china.jpg")).resize(size)


@pytest.mark.parametrize("grey", [False, True], ids=["rgb", "grey"])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_torchvision_does(name: str, grey: bool) -> None:
    from torchvision.models import get_model_weights
    from torchvision.transforms import functional as F

    from core.models.backbones import preprocessing_of

    theirs, ours = get_model_weights(name).DEFAULT.transforms(), preprocessing_of(name)
    for size in SIZES:
        picture = photo(size).convert("L" if grey else "RGB")
        color = picture.convert("RGB")
        resized = F.resize(color, theirs.resize_size, interpolation=theirs.interpolation)
        pixels = ours.pixels(picture)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, np.asarray(F.center_crop(resized, theirs.crop_size)))
        np.testing.assert_allclose(ours.normalized(pixels[None])[0], theirs(color).numpy(), rtol=0, atol=1e-6)
        assert ours.normalized(pixels[None]).shape == (1, *ours.shape)


@pytest.mark.parametrize("size", [(640, 427), (100, 333), (901, 900)])
@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_a_crop_made_alone_is_the_same(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], interpolation: Interpolation
) -> None:
    ours = BackbonePreprocessing(256, 224, HALF, HALF, interpolation)
    whole = ours.pixels(photo(size)).astype(int)
    monkeypatch.setattr(backbone_preprocessing, "MOST_PIXELS", 0)
    alone = ours.pixels(photo(size)).astype(int)
    assert abs(alone - whole).max() <= 2
    assert abs(alone - whole).mean() < 0.2


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (60_000, 1000)])
def test_a_very_long_picture_takes_little_memory(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, (10, 20, 30))
    pixels = BackbonePreprocessing(600, 528, HALF, HALF).pixels(picture)
    assert pixels.shape == (528, 528, 3)
    assert (pixels == (10, 20, 30)).all()


@pytest.mark.parametrize("turned", [False, True])
def test_decoding_a_jpeg_small_changes_hardly_anything(turned: bool) -> None:
    size = (1700, 2560) if turned else (2560, 1700)
    data = io.BytesIO()
    photo(size).save(data, "JPEG", quality=95)
    ours = BackbonePreprocessing(256, 224, HALF, HALF)
    small = open_picture(data, at_least=ours.at_least)
    assert 2 * 256 <= min(small.size) < min(size)
    difference = ours.pixels(small).astype(int) - ours.pixels(open_picture(data))
    assert abs(difference).mean() < 1


def test_normalization_comes_after_scaling_to_one() -> None:
    ours = BackbonePreprocessing(2, 2, (0.0, 0.5, 1.0), (1.0, 0.5, 2.0))
    batch = ours.normalized(np.full((1, 2, 2, 3), 255, np.uint8))
    np.testing.assert_array_equal(batch[0, :, 0, 0], [1, 1, 0])
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((200, 224, HALF, HALF), "short side in pixels is out of range"),
        ((224, 0, HALF, HALF), "crop in pixels is out of range"),
        ((9000, 224, HALF, HALF), "short side in pixels is out of range"),
        ((256, 224, (0.5,), HALF), "3 means"),
        ((256, 224, HALF, (1.0, 1.0, 0.0)), "deviations over 0"),
    ],
)
def test_impossible_settings_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BackbonePreprocessing(*arguments)
