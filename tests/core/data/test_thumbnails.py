import numpy as np
import pytest
from PIL import Image

from core.data.thumbnails import contact_sheet, enlarged, thumbnail


def grey(width: int, height: int, value: int = 200) -> Image.Image:
    return Image.new("L", (width, height), value)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8, 8), (96, 96), (97, 3), (3, 2000), (640, 427)])
def test_thumbnail_is_a_square_that_holds_the_whole_picture(width: int, height: int) -> None:
    square = thumbnail(grey(width, height))
    assert square.shape == (96, 96, 4)
    rows, columns = np.nonzero(square[..., 3])
    drawn_height, drawn_width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(drawn_height, drawn_width) > 48
    assert (square[square[..., 3] > 0][:, :3] == 200).all()


def test_small_picture_is_enlarged_without_blur() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    square = thumbnail(Image.fromarray(pixels), 96)
    assert np.array_equal(square[6::12, 6::12, 0], pixels)
    assert set(np.unique(square[..., 0])) == set(range(64))


def test_sheet_keeps_order_and_width() -> None:
    tiles = [thumbnail(grey(8, 8, value), 16) for value in (10, 20, 30)]
    sheet = contact_sheet(tiles, columns=2, gap=4)
    assert sheet.shape == (36, 36, 4)
    assert [sheet[8, 8, 0], sheet[8, 28, 0], sheet[28, 8, 0]] == [10, 20, 30]
    assert sheet[28, 28, 3] == 0
    assert contact_sheet(tiles[:1], columns=5, gap=4).shape == (16, 96, 4)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 8, 1), (152, 152)), ((32, 16, 3), (160, 80, 3)), ((224, 224, 3), (224, 224, 3))],
)
def test_enlarging_makes_every_pixel_a_square(shape: tuple, expected: tuple) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    large = enlarged(pixels, 150)
    assert large.shape == expected
    factor = expected[0] // shape[0]
    assert np.array_equal(large.reshape(*expected[:2], -1)[::factor, ::factor], pixels)
