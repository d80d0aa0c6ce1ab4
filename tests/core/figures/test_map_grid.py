import json
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.figures.map_grid import (
    NOT_FINITE,
    TABLES,
    ZERO,
    Palette,
    Scale,
    Tile,
    map_grid,
    range_of,
    scales_of,
    shown,
)


def tile(*values: float, **more: object) -> Tile:
    return Tile("map", np.array([values], np.float32), **more)


def sent(tiles: list[Tile], *, shared_scale: bool = False, **more: object) -> dict:
    """As it reaches the browser."""
    return json.loads(json.dumps(map_grid(tiles, shared_scale=shared_scale, **more), allow_nan=False))


def values(drawn: dict) -> np.ndarray:
    return np.frombuffer(b64decode(drawn["values"]), "<f4").reshape(drawn["shape"])


def rgb(color: str) -> list[int]:
    return list(bytes.fromhex(color[1:]))


def lightness(table: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours (N, 3)."""
    linear = (table / 255) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    return 116 * np.cbrt(linear) - 16


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (7, 7, 3)])
def test_the_browser_gets_exactly_the_true_values(shape):
    true = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    true.flat[0] = np.nan
    for stored in (true, np.asfortranarray(true), true.astype(np.float64), true.astype(">f4")):
        [drawn] = sent([Tile("map", stored, detail="3 × 3")])["tiles"]
        np.testing.assert_array_equal(values(drawn), true)
    assert (drawn["label"], drawn["detail"]) == ("map", "3 × 3")


def test_palettes_get_lighter_away_from_zero_alike():
    diverging = lightness(TABLES[Palette.DIVERGING])
    positive, negative = diverging[128:], diverging[128:0:-1]
    assert (np.diff(lightness(TABLES[Palette.SEQUENTIAL])) > -0.3).all()
    assert (np.diff(positive) > 0).all()
    assert (np.diff(negative) > 0).all()
    assert abs(positive - negative).max() < 8
    assert diverging.min() == diverging[128]
    assert TABLES[Palette.DIVERGING][128].tolist() == TABLES[Palette.SEQUENTIAL][0].tolist() == rgb(ZERO)
    assert TABLES[Palette.DIVERGING][255].tolist() == TABLES[Palette.SEQUENTIAL][255].tolist()
    blue, orange = TABLES[Palette.DIVERGING][64], TABLES[Palette.DIVERGING][192]
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]


def test_values_from_zero_up_are_sequential_and_others_go_to_both_sides():
    [positive] = scales_of([tile(0, 1, 4)], shared=False)
    assert positive == Scale(Palette.SEQUENTIAL, 4.0)
    [signed] = scales_of([tile(-8, 1, 4)], shared=False)
    assert signed == Scale(Palette.DIVERGING, 8.0)
    codes = {0: 0, 4: 255, 2: 128}
    for value, code in codes.items():
        color = positive.colors(np.full((1, 1), value, np.float32))
        assert color[0, 0].tolist() == TABLES[Palette.SEQUENTIAL][code].tolist()
    for value, code in {-8: 1, 0: 128, 8: 255, 4: 192, 0.01: 128}.items():
        color = signed.colors(np.full((1, 1), value, np.float32))
        assert color[0, 0].tolist() == TABLES[Palette.DIVERGING][code].tolist()


def test_a_shared_scale_holds_all_and_ones_own_only_oneself():
    tiles = [tile(0, 1), tile(-3, 2), tile(np.inf, 0.5)]
    assert scales_of(tiles, shared=True) == [Scale(Palette.DIVERGING, 3.0)] * 3
    assert [scale.limit for scale in scales_of(tiles[:2], shared=False)] == [1.0, 3.0]
    assert [drawn["range"] for drawn in sent(tiles)["tiles"]] == [
        drawn["range"] for drawn in sent(tiles, shared_scale=True)["tiles"]
    ]


@pytest.mark.parametrize("value", [0, 0.25, -7])
def test_a_constant_map_is_plainly_empty(value):
    empty = tile(value, value, value)
    [scale] = scales_of([empty], shared=False)
    assert (scale.colors(empty.true) == rgb(ZERO)).all()
    assert range_of(empty) == f"all {shown(value)}"
    [among, _] = scales_of([empty, tile(-14, 14)], shared=True)
    code = 128 + int(np.floor(127 * value / 14 + 0.5))
    assert (among.colors(empty.true) == TABLES[Palette.DIVERGING][code]).all()


def test_one_weight_alone_has_a_sign():
    scale, other = scales_of([tile(-2), tile(3)], shared=False)
    assert scale.colors(tile(-2).true)[0, 0].tolist() == TABLES[Palette.DIVERGING][1].tolist()
    assert other.colors(tile(3).true)[0, 0].tolist() == TABLES[Palette.SEQUENTIAL][255].tolist()
    assert range_of(tile(-2)) == "−2"


def test_what_is_not_finite_is_marked_and_breaks_no_scale():
    broken = tile(np.nan, 1, -np.inf, np.inf, 2)
    [scale] = scales_of([broken], shared=False)
    assert scale == Scale(Palette.SEQUENTIAL, 2.0)
    colors = scale.colors(broken.true)[0].tolist()
    assert colors[0] == colors[2] == rgb(NOT_FINITE[0])
    assert colors[3] == rgb(NOT_FINITE[1])
    assert colors[4] == TABLES[Palette.SEQUENTIAL][255].tolist()
    assert range_of(broken) == "1 to 2, 3 not finite"
    drawn = sent([broken])
    assert drawn["legend"]["notFinite"]
    np.testing.assert_array_equal(values(drawn["tiles"][0]), broken.true)

    lost = tile(np.nan, np.nan)
    assert range_of(lost) == "no finite value"
    assert sent([lost, tile(0, 1)], shared_scale=True)["tiles"][0]["limit"] == 1.0
    assert scales_of([lost], shared=True)[0].limit == 0.0


def test_a_kernel_over_three_colours_has_its_zero_at_mid_grey():
    kernel = Tile("kernel", np.array([[[0, 0, 0], [-2, 1, 2], [np.nan, 0, 0]]], np.float32))
    [scale] = scales_of([kernel], shared=False)
    assert scale == Scale(Palette.CHANNELS, 2.0)
    assert scale.colors(kernel.true)[0].tolist() == [[128] * 3, [1, 192, 255], rgb(NOT_FINITE[0])]
    assert "mid-grey is 0" in sent([kernel])["legend"]["note"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.312345, 2.4, "−0.312 to 2.4"),
        (0, 12345.6, "0 to 12,346"),
        (-1.5e-7, 3e-5, "−1.5e-7 to 3e-5"),
        (1, 1.0001, "1 to 1.0001"),
        (-3.0e38, 3.0e38, "−3e38 to 3e38"),
        (-0.0, 0.5, "0 to 0.5"),
    ],
)
def test_a_range_has_three_digits_or_as_many_as_tell_its_ends_apart(low, high, words):
    assert range_of(tile(low, high)) == words


def test_the_legend_names_the_ends_of_the_scale():
    tiles = [tile(0, 1), tile(-2.5, 2)]
    shared = sent(tiles, shared_scale=True)["legend"]
    assert (shared["palette"], shared["ends"]) == ("diverging", ["−2.5", "0", "2.5"])
    own = sent(tiles)["legend"]
    assert (own["palette"], own["ends"]) == ("diverging", ["negative", "0", "positive"])
    assert "own" in own["note"]
    assert sent(tiles[:1], shared_scale=True)["legend"]["ends"] == ["0", "1"]
    assert sent([tile(0, 0)])["legend"]["palette"] == ""
    assert sent([])["tiles"] == []


def test_ones_own_colours_go_to_the_browser_as_they_are():
    colors = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    grid = sent([tile(0, 1, colors=colors)])
    assert b64decode(grid["tiles"][0]["colors"]) == colors.tobytes()
    assert grid["legend"]["palette"] == ""


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_is_sent_without_loss(channels):
    picture = np.random.default_rng(1).integers(0, 256, (6, 5, channels), np.uint8)
    drawn = sent([], picture=picture)["picture"]
    png = Image.open(BytesIO(b64decode(drawn["url"].removeprefix("data:image/png;base64,"))))
    np.testing.assert_array_equal(np.asarray(png).reshape(picture.shape), picture)
    assert (drawn["height"], drawn["width"]) == (6, 5)


def test_what_a_value_sees_is_cut_at_the_border_of_the_picture():
    picture = np.zeros((10, 8, 1), np.uint8)
    rows, columns = [(-3, -1), (-1, 2), (8, 12)], [(2, 5), None]
    spans = sent([Tile("map", np.zeros((3, 2)))], picture=picture, sight=(rows, columns))["sight"]
    assert spans == [
        [None, {"first": 0, "last": 2, "beyond": True}, {"first": 8, "last": 9, "beyond": True}],
        [{"first": 2, "last": 5, "beyond": False}, None],
    ]
    assert sent([Tile("map", np.zeros((3, 2)))], sight=(rows, columns))["sight"] is None
    with pytest.raises(ValueError, match=r"expected the size of sight, \(3, 2\), found \(2, 3\)"):
        map_grid([Tile("map", np.zeros((2, 3)))], shared_scale=True, picture=picture, sight=(rows, columns))


@pytest.mark.parametrize("shape", [(3,), (3, 3, 2), (0, 3), (1, 3, 3, 3)])
def test_other_shapes_are_no_map(shape):
    with pytest.raises(ValueError, match="expected"):
        Tile("map", np.zeros(shape))
    with pytest.raises(ValueError, match="colors"):
        Tile("map", np.zeros((3, 3)), colors=np.zeros((3, 2, 3)))
