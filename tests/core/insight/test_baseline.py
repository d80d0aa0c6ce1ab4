import numpy as np
import pytest
import torch

from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import ConfigError
from core.insight.baseline import Baseline, baseline_picture, black_of


def test_black_is_what_the_networks_own_preprocessing_makes_of_it() -> None:
    receives = Preprocessing(6, 5, ColorMode.RGB)
    black = black_of(receives)
    x = torch.from_numpy(receives.normalized(np.full((1, 6, 5, 3), 200, np.uint8)))
    picture = baseline_picture(x, Baseline.BLACK, black)
    assert np.array_equal(picture.numpy(), receives.normalized(np.zeros((1, 6, 5, 3), np.uint8)))


def test_black_of_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ConfigError, match="channels of black"):
        baseline_picture(torch.zeros(1, 3, 4, 4), Baseline.BLACK, (0.0, 0.0))


def test_mean_grey_is_zero() -> None:
    assert not baseline_picture(torch.randn(1, 3, 4, 4), Baseline.GREY).any()


def test_blur_keeps_what_is_even_and_levels_what_is_not() -> None:
    even = torch.full((1, 2, 20, 32), 0.3)
    assert torch.allclose(baseline_picture(even, Baseline.BLURRED), even)
    uneven = torch.randn(1, 2, 64, 48)
    assert baseline_picture(uneven, Baseline.BLURRED).std() < 0.3 * uneven.std()


def test_blur_spreads_a_point_equally_to_all_sides() -> None:
    point = torch.zeros(1, 1, 65, 65)
    point[..., 32, 32] = 1
    blurred = baseline_picture(point, Baseline.BLURRED)[0, 0]
    assert torch.allclose(blurred, blurred.T)
    assert torch.allclose(blurred, blurred.flip(0))
    assert blurred.argmax() == 32 * 65 + 32
    deviation = ((torch.arange(65.0) - 32) ** 2 @ blurred.sum(1)).sqrt()
    assert deviation.item() == pytest.approx(65 / 16, rel=0.02)
