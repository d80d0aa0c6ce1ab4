from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.figures.map_grid import NOT_FINITE, TABLES, Palette, Tile
from core.figures.map_sheet import GAP, LINE, SIDE, map_sheet


def drawn(tiles: list[Tile], **more: object) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(map_sheet(tiles, **more))))


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_cells_have_exactly_the_colours_of_the_palette():
    sheet = drawn([Tile("one", row(-2, 0, 1, np.nan)), Tile("two", row(0, 1, 0, 4))], shared_scale=True)
    table, side = TABLES[Palette.DIVERGING], SIDE // 4
    lost = list(bytes.fromhex(NOT_FINITE[1][1:]))
    expected = {GAP: [*table[[65, 128, 160]].tolist(), lost], GAP + SIDE + GAP: table[[128, 160, 128, 255]]}
    for left, colors in expected.items():
        cells = sheet[GAP : GAP + side, left : left + SIDE].reshape(side, 4, side, 3)
        assert (cells == np.array(colors)[None, :, None]).all()


def test_each_tile_may_have_its_own_scale():
    tiles = [Tile("one", row(0, 1)), Tile("two", row(-4, 4)), Tile("none", row(3, 3))]
    sheet = drawn(tiles, shared_scale=False)
    at = [sheet[GAP, GAP + place * (SIDE + GAP) + SIDE - 1].tolist() for place in range(3)]
    ends = TABLES[Palette.SEQUENTIAL][255], TABLES[Palette.DIVERGING][255], TABLES[Palette.SEQUENTIAL][0]
    assert at == [end.tolist() for end in ends]


def test_tiles_stand_in_rows_with_words_below_on_white():
    tiles = [Tile(f"channel {place}", np.full((8, 8), place, np.float32)) for place in range(5)]
    sheet = drawn(tiles, shared_scale=True, columns=2)
    high = SIDE + 2 * LINE + GAP
    assert sheet.shape == (3 * high + GAP + 2 * LINE, 2 * (SIDE + GAP) + GAP, 3)
    assert (sheet[:GAP] == 255).all()
    for place in range(5):
        top, left = GAP + place // 2 * high, GAP + place % 2 * (SIDE + GAP)
        assert (sheet[top : top + SIDE, left : left + SIDE] == sheet[top, left]).all()
        for line in range(2):
            words = sheet[top + SIDE + line * LINE :][:LINE, left : left + SIDE]
            assert words.min() < 128
            assert words.max() == 255
    assert (sheet[GAP + 2 * high :, GAP + SIDE + GAP :][:SIDE] == 255).all()  # there is no sixth


def test_labels_stay_in_their_column():
    long = drawn([Tile("layer1.0.conv1, " * 9, row(0, 1)), Tile("", row(0, 1))], shared_scale=False)
    words = long[GAP + SIDE // 2 :][:LINE]
    assert words[:, GAP : GAP + SIDE].min() < 128
    assert (words[:, GAP + SIDE : GAP + SIDE + GAP] == 255).all()


def test_a_minus_can_be_read():
    sheets = [
        drawn([Tile(f"bias {minus}1", row(0, 1))], shared_scale=False) for minus in ("−", "-", "\ue000")
    ]
    np.testing.assert_array_equal(sheets[0], sheets[1])
    assert (sheets[0] != sheets[2]).any()


def test_large_maps_keep_their_size():
    values = np.random.default_rng(0).random((150, 200)).astype(np.float32)
    sheet = drawn([Tile("large", values), Tile("small", values[:2, :2])], shared_scale=True)
    assert sheet.shape[1] == 2 * (200 + GAP) + GAP
    scale = np.floor(values.astype(float) / float(values.max()) * 255 + 0.5).astype(int)
    np.testing.assert_array_equal(sheet[GAP : GAP + 150, GAP : GAP + 200], TABLES[Palette.SEQUENTIAL][scale])


def test_nothing_has_no_sheet():
    with pytest.raises(ValueError, match="needs a tile"):
        map_sheet([], shared_scale=True)
