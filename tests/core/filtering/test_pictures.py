import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from core.errors import PictureRejected
from core.filtering.pictures import Photo, grey, lab_picture, photo


@pytest.mark.parametrize("kind", Photo)
def test_a_photo_is_scikit_learns_own(kind):
    np.testing.assert_array_equal(np.asarray(photo(kind)), load_sample_image(kind))


@pytest.mark.parametrize("size", [8, 32, 128])
def test_the_middle_is_cut_out_square(size):
    wide = np.zeros((40, 200, 3), np.uint8)
    wide[:, 76:124] = (10, 200, 90)
    pixels = lab_picture(Image.fromarray(wide), size)
    assert pixels.shape == (3, size, size)
    assert pixels.reshape(3, -1).T.min(0).tolist() == [10, 200, 90]


def test_a_file_goes_through_the_safe_decoder():
    encoded = io.BytesIO()
    photo(Photo.FLOWER).convert("CMYK").save(encoded, "JPEG")
    assert lab_picture(encoded.getvalue(), 16).shape == (3, 16, 16)
    with pytest.raises(PictureRejected, match="Not a picture"):
        lab_picture(b"words", 16)


def test_grey_is_pillows_own():
    colors = lab_picture(photo(Photo.FLOWER), 16)
    red, green, blue = colors.astype(float)
    assert grey(colors).shape == (1, 16, 16)
    np.testing.assert_allclose(grey(colors)[0], 0.299 * red + 0.587 * green + 0.114 * blue, atol=1)
