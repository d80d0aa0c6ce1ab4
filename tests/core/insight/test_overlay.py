from io import BytesIO

import numpy as np
from PIL import Image

from core.insight.attribution import Attribution, Method
from core.insight.overlay import DIVERGING, NEUTRAL, SEQUENTIAL, color_limit, overlay, png_bytes

GREYS = np.random.default_rng(0).integers(0, 256, (4, 6, 1), np.uint8)


def test_without_opacity_it_is_the_picture_in_grey_in_squares() -> None:
    found = overlay(GREYS, np.ones((4, 6)), 0, least_side=12)
    assert found.shape == (8, 12, 3)
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.repeat(np.repeat(np.repeat(GREYS, 3, 2), 2, 0), 2, 1))


def test_colours_of_a_picture_become_pillows_grey() -> None:
    colors = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    found = overlay(colors, np.ones((4, 6)), 0, least_side=1)
    assert np.array_equal(found[..., 0], np.asarray(Image.fromarray(colors).convert("L")))


def test_values_of_one_sign_go_from_neutral_to_the_last_colour() -> None:
    values = np.array([[0.0, 1.0, 3.0]])
    found = overlay(np.zeros((1, 3, 1), np.uint8), values, 1, least_side=1)
    assert found[0].tolist() == [list(NEUTRAL), list(SEQUENTIAL[1]), list(SEQUENTIAL[-1])]


def test_values_of_both_signs_go_around_zero_on_one_scale() -> None:
    values = np.array([[-4.0, -2.0, 0.0, 2.0]])
    found = overlay(np.zeros((1, 4, 1), np.uint8), values, 1, least_side=1)
    assert found[0].tolist() == [list(color) for color in DIVERGING[:-1]]


def test_a_limit_makes_maps_comparable_and_cuts_off_what_is_beyond() -> None:
    picture = np.zeros((1, 2, 1), np.uint8)
    weak = overlay(picture, np.array([[0.0, 1.0]]), 1, limit=3, least_side=1)
    assert weak[0, 1].tolist() == list(SEQUENTIAL[1])
    beyond = overlay(picture, np.array([[0.0, 9.0]]), 1, limit=3, least_side=1)
    assert beyond[0, 1].tolist() == list(SEQUENTIAL[-1])


def test_an_empty_map_is_neutral_everywhere() -> None:
    found = overlay(GREYS, np.zeros((4, 6), np.float32), 1, least_side=1)
    assert (found == NEUTRAL).all()


def test_opacity_is_the_share_of_the_colours() -> None:
    found = overlay(np.full((1, 1, 1), 100, np.uint8), np.zeros((1, 1)), 0.25, least_side=1)
    assert found[0, 0].tolist() == [round(0.75 * 100 + 0.25 * channel) for channel in NEUTRAL]


def test_large_pictures_keep_their_size() -> None:
    assert overlay(np.zeros((5, 400, 3), np.uint8), np.ones((5, 400)), 0.5).shape == (5, 400, 3)


def test_png_keeps_every_pixel() -> None:
    picture = overlay(GREYS, np.ones((4, 6)), 0.5)
    assert np.array_equal(np.asarray(Image.open(BytesIO(png_bytes(picture)))), picture)


def test_one_pixel_does_not_make_the_others_pale() -> None:
    values = np.full((10, 10), 0.5, np.float32)
    values[0, 0] = -100
    assert color_limit(Attribution(Method.INTEGRATED, 0, values, 1.0)) < 2
    assert color_limit(Attribution(Method.OCCLUSION, 0, values, 1.0)) == 100
    assert color_limit(Attribution(Method.GUIDED, 0, np.zeros((4, 4), np.float32), 1.0)) == 0
