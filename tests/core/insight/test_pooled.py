import numpy as np
import pytest
import torch
from torch import nn

from core.errors import ConfigError
from core.insight.pooled import pool_map
from core.insight.pooled_words import kept_words


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 1), (3, 2), (5, 5)])
def test_as_torchs_layers(window: int, stride: int) -> None:
    values = np.random.default_rng(0).normal(size=(9, 11)).astype(np.float32)
    pooled = pool_map(values, window, stride)
    x = torch.from_numpy(values)[None, None]
    assert torch.equal(torch.from_numpy(pooled.largest), nn.MaxPool2d(window, stride)(x)[0, 0])
    assert torch.equal(torch.from_numpy(pooled.mean), nn.AvgPool2d(window, stride)(x)[0, 0])


def test_what_each_keeps() -> None:
    pooled = pool_map(np.array([[0, 4], [0, 0]] * 2, np.float32).repeat(1, 0), 2, 2)
    words = kept_words(pooled)
    assert "4 x 2 values become 2 x 1" in words
    assert "keeps the largest value, 4, and moves the mean from 1 to 4" in words
    assert "the largest value to 1" in words
    assert pooled.detail == (0.0, 0.0)


def test_average_pooling_without_rest_keeps_the_mean() -> None:
    values = np.random.default_rng(1).normal(size=(8, 8)).astype(np.float32)
    pooled = pool_map(values, 2, 2)
    assert pooled.mean.mean() == pytest.approx(values.mean(), abs=1e-6)
    assert pooled.largest.max() == values.max()
    assert 0 < pooled.detail[1] < pooled.detail[0] < 1


def test_a_constant_map_is_kept_whole() -> None:
    pooled = pool_map(np.full((4, 4), 0.5, np.float32), 2, 2)
    assert pooled.detail == (1.0, 1.0)
    assert "0.5 everywhere" in kept_words(pooled)


def test_a_window_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"larger than the map.*at most 3.*4"):
        pool_map(np.zeros((3, 5), np.float32), 4, 4)
