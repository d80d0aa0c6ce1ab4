import numpy as np
from sklearn.datasets import load_sample_image

from core.data.augmentation_config import Augmentation
from core.data.augmentation_preview import preview_augmentation


def crops() -> np.ndarray:
    photo = load_sample_image("flower.jpg")
    return np.stack([photo[y : y + 40, x : x + 60] for y, x in ((0, 0), (100, 200))])


def test_every_view_of_a_picture_is_one_of_its_own() -> None:
    pixels = crops()
    views = preview_augmentation(pixels, Augmentation(horizontal_flip=True), views=6)
    assert views.shape == (2, 6, 40, 60, 3)
    assert views.dtype == np.uint8
    mirrored = 0
    for picture, own in zip(pixels, views, strict=True):
        for view in own:
            is_mirror = np.array_equal(view, picture[:, ::-1])
            assert is_mirror or np.array_equal(view, picture)
            mirrored += is_mirror
    assert 0 < mirrored < 12


def test_off_shows_the_pictures_as_they_are() -> None:
    pixels = crops()
    assert np.array_equal(preview_augmentation(pixels, Augmentation(), views=1)[:, 0], pixels)
