import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image
from torchvision.transforms.v2 import functional as TF

from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation
from core.errors import ConfigError


@pytest.fixture
def photos() -> torch.Tensor:
    """Four crops of a real photo, (4, 3, 48, 64)."""
    photo = torch.from_numpy(load_sample_image("flower.jpg").copy()).permute(2, 0, 1) / 255
    return torch.stack(
        [photo[:, y : y + 96 : 2, x : x + 128 : 2] for y, x in ((0, 0), (90, 60), (150, 200), (9, 400))]
    )


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_off_changes_nothing(photos: torch.Tensor) -> None:
    assert augment(photos, Augmentation(), draws()) is photos


@pytest.mark.parametrize("settings", [Augmentation(horizontal_flip=True), Augmentation(vertical_flip=True)])
def test_a_flip_is_the_picture_or_its_exact_mirror(photos: torch.Tensor, settings: Augmentation) -> None:
    mirror = TF.horizontal_flip if settings.horizontal_flip else TF.vertical_flip
    kinds = set()
    for seed in range(8):
        for before, after in zip(photos, augment(photos, settings, draws(seed)), strict=True):
            flipped = torch.equal(after, mirror(before))
            assert flipped or torch.equal(after, before)
            kinds.add(flipped)
    assert kinds == {True, False}


def test_each_picture_draws_its_own(photos: torch.Tensor) -> None:
    same = photos[:1].expand(4, -1, -1, -1)
    changed = augment(same, Augmentation(rotation=30, brightness=0.5), draws())
    assert len({round(float(picture.mean()), 6) for picture in changed}) == 4


def test_the_same_seed_gives_the_same_pictures(photos: torch.Tensor) -> None:
    settings = Augmentation(True, True, 20, 0.6, 0.3, 0.3, 0.3)
    assert torch.equal(augment(photos, settings, draws(3)), augment(photos, settings, draws(3)))
    assert not torch.equal(augment(photos, settings, draws(3)), augment(photos, settings, draws(4)))


@pytest.mark.parametrize("seed", range(5))
def test_rotation_agrees_with_torchvision(photos: torch.Tensor, seed: int) -> None:
    angle = float((torch.rand(1, generator=draws(seed)) * 2 - 1) * 40)
    ours = augment(photos[:1], Augmentation(rotation=40), draws(seed))[0]
    # torchvision turns counter-clockwise for a positive angle; so do we, up to the sign of the draw.
    theirs = [TF.rotate(photos[0], sign * angle, TF.InterpolationMode.BILINEAR) for sign in (1, -1)]
    assert min(float((ours - other).abs().mean()) for other in theirs) < 0.01


def test_a_crop_keeps_at_least_its_share_and_stays_inside(photos: torch.Tensor) -> None:
    ramp = torch.arange(64.0).view(1, 1, 1, 64).expand(200, 1, 48, 64) / 63
    cropped = augment(ramp, Augmentation(crop=0.5), draws())
    width = (cropped[:, 0, 0].max(1).values - cropped[:, 0, 0].min(1).values) * 63
    assert float(width.min()) > 64 * math.sqrt(0.5 * 3 / 4) - 2
    assert float(cropped[:, 0, :, 5:-5].min()) > 0
    assert len(width.round().unique()) > 10


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("seed", range(3))
def test_color_agrees_with_torchvision(photos: torch.Tensor, name: str, seed: int) -> None:
    adjust = getattr(TF, f"adjust_{name}")
    factors = 0.6 + 0.8 * torch.rand(4, generator=draws(seed))
    ours = augment(photos, Augmentation(**{name: 0.4}), draws(seed))
    theirs = torch.stack([adjust(p, float(f)) for p, f in zip(photos, factors, strict=True)])
    assert float((ours - theirs).abs().max()) < 1e-3


def test_values_stay_in_range(photos: torch.Tensor) -> None:
    changed = augment(photos, Augmentation(True, True, 180, 0.1, 1, 1, 1), draws())
    assert changed.shape == photos.shape
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


def test_grey_pictures_have_no_saturation_to_change() -> None:
    grey = torch.from_numpy(np.random.default_rng(0).random((2, 1, 8, 8), np.float32))
    assert torch.equal(augment(grey, Augmentation(saturation=1), draws()), grey)


def test_strengths_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"rotation is out of range.*0 to 180"):
        Augmentation(rotation=200)
    with pytest.raises(ConfigError, match="crop is out of range"):
        Augmentation(crop=0)
