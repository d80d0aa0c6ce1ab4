import numpy as np
import pytest

from core.data.augmentation_config import Augmentation
from core.records import to_json
from core.serving.views import RANDOM_VIEWS, Looks, Views, possible_looks, seen

PICTURES = np.random.default_rng(0).integers(0, 256, (3, 8, 6, 3), dtype=np.uint8)


def views_of(changes: Augmentation) -> list[Views]:
    return [looks.views for looks in possible_looks({"augmentation": to_json(changes)})[0]]


def test_only_what_the_run_has_learned_to_see_through() -> None:
    assert views_of(Augmentation()) == [Views.ONE]
    assert views_of(Augmentation(horizontal_flip=True)) == [Views.ONE, Views.MIRRORED]
    assert views_of(Augmentation(rotation=10)) == [Views.ONE, Views.RANDOM]
    assert views_of(Augmentation(horizontal_flip=True, crop=0.8)) == list(Views)
    assert "digit" in possible_looks({})[1]


@pytest.mark.parametrize("record", [{"augmentation": {"rotation": 999}}, {"augmentation": 3}, {}])
def test_a_damaged_record_allows_one_look(record: dict) -> None:
    assert possible_looks(record)[0] == [Looks()]


def test_mirrored_is_the_picture_and_its_mirror_image() -> None:
    plain, mirrored = seen(PICTURES, Looks(Views.MIRRORED))
    assert np.array_equal(plain, PICTURES)
    assert np.array_equal(mirrored, np.flip(PICTURES, 2))


def test_random_views_are_pixels_and_the_same_each_time() -> None:
    looks = Looks(Views.RANDOM, Augmentation(rotation=20, brightness=0.3))
    views = list(seen(PICTURES, looks))
    assert len(views) == RANDOM_VIEWS
    assert np.array_equal(views[0], PICTURES)
    assert all(view.dtype == np.uint8 and view.shape == PICTURES.shape for view in views)
    assert not np.array_equal(views[1], views[2])
    assert all(np.array_equal(a, b) for a, b in zip(views, seen(PICTURES, looks), strict=True))


def test_changes_of_nothing_leave_every_pixel() -> None:
    for view in seen(PICTURES, Looks(Views.RANDOM)):
        assert np.array_equal(view, PICTURES)
