import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LayerError
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.pooling import pool


@settings(max_examples=400, deadline=None)
@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    channels=st.integers(1, 3),
    window=st.integers(1, 8),
    stride=st.integers(1, 8),
    padding=st.integers(0, 5),
)
def test_every_setting_gives_the_numbers_of_torch(height, width, channels, window, stride, padding):
    maps = np.random.default_rng(height * width).integers(-5, 6, (channels, height, width)).astype(float)
    tensor = torch.from_numpy(maps)
    try:
        largest, winner = F.max_pool2d(tensor, window, stride, padding, return_indices=True)
    except RuntimeError:
        with pytest.raises(LayerError):
            pool(maps, window, stride, padding)
        return
    pooled = pool(maps, window, stride, padding)
    np.testing.assert_array_equal(pooled.largest, largest.numpy())
    np.testing.assert_array_equal(pooled.winner, winner.numpy())
    mean = F.avg_pool2d(tensor, window, stride, padding).numpy()
    np.testing.assert_allclose(pooled.mean, mean, rtol=0, atol=1e-6)


def test_windows_side_by_side_keep_one_pixel_each():
    pixels = grey(lab_picture(photo(Photo.CHINA), 32))
    pooled = pool(pixels, 2, 2)
    assert pooled.won.sum() == 16 * 16
    assert pooled.unseen == 0
    blocks = pixels[0].reshape(16, 2, 16, 2).transpose(0, 2, 1, 3).reshape(16, 16, 4)
    np.testing.assert_array_equal(pooled.largest[0], blocks.max(2))
    np.testing.assert_array_equal(np.sort(pixels[0][pooled.won[0]]), np.sort(blocks.max(2).ravel()))


def test_the_first_of_equal_values_wins():
    assert pool(np.ones((1, 4, 4)), 2, 2).winner.tolist() == [[[0, 2], [8, 10]]]


def test_a_stride_beyond_the_window_leaves_pixels_unseen():
    assert pool(np.zeros((1, 9, 9)), 2, 3).unseen == 81 - 36


def test_padding_beyond_half_of_the_window_is_refused():
    with pytest.raises(LayerError, match="wholly in the padding"):
        pool(np.zeros((1, 8, 8)), 2, 2, 2)
