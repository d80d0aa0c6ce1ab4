import json
from base64 import b64decode

import numpy as np
import pytest

from core.figures.lab_scene import PICTURE, SIGNED, convolution_scene, pooling_scene, strip_scene
from core.filtering.borders import Border
from core.filtering.correlation import Sliding, apply_kernel
from core.filtering.kernels import ChannelMix, KernelName, for_colors, named_kernel
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.pooling import pool
from core.filtering.strip import run_strip


@pytest.fixture(scope="module")
def colors() -> np.ndarray:
    return lab_picture(photo(Photo.CHINA), 32)


def values(drawn: dict) -> np.ndarray:
    kind = {"bytes": np.uint8, "floats": "<f4"}[drawn["kind"]]
    return np.frombuffer(b64decode(drawn["values"]), kind).reshape(drawn["shape"])


def under(scene: dict, index: int, row: int, column: int) -> np.ndarray:
    """The window (C, rows, columns) under one output, followed as the browser follows it."""
    drawn = scene["maps"][index]
    origin = values(scene["maps"][drawn["from"]])
    places = [
        [axis["source"][at * axis["stride"] + tap * axis["dilation"]] for tap in range(axis["kernel"])]
        for axis, at in ((drawn["rows"], row), (drawn["columns"], column))
    ]
    room = np.pad(origin.astype(float), ((0, 0), (0, 1), (0, 1)))
    return room[:, np.array(places[0])[:, None], places[1]]


@pytest.mark.parametrize("border", Border)
def test_the_browser_can_write_out_every_sum(colors, border):
    kernel = for_colors(named_kernel(KernelName.EMBOSS), ChannelMix.RED_GREEN)
    sliding = Sliding(2, 3, 2, border, true_convolution=True)
    filtered = apply_kernel(colors, kernel, sliding, 7.0)
    scene = json.loads(json.dumps(convolution_scene(colors, filtered, turned=True, note="")))
    np.testing.assert_array_equal(values(scene["maps"][0]), colors)
    output = values(scene["maps"][1])
    weights = np.array(scene["kernel"]["weights"]) / scene["kernel"]["divisor"]
    for place in np.ndindex(output.shape[1:]):
        total = (under(scene, 1, *place) * weights).sum() + scene["kernel"]["bias"]
        assert total == pytest.approx(output[0, *place], abs=1e-3)


def test_pooling_shows_both_kinds_and_who_won(colors):
    pooled = pool(grey(colors), 3, 2, 1)
    scene = json.loads(json.dumps(pooling_scene(grey(colors), pooled, kept="")))
    pixels, largest, mean = scene["maps"]
    np.testing.assert_array_equal(values(largest), pooled.largest.astype(np.float32))
    np.testing.assert_array_equal(values(mean), pooled.mean.astype(np.float32))
    won = np.frombuffer(b64decode(pixels["won"]), bool).reshape(32, 32)
    assert set(grey(colors)[0][won]) == set(pooled.largest.ravel())


@pytest.mark.parametrize("largest", [True, False])
def test_the_steps_of_a_strip_follow_from_one_another(colors, largest):
    strip = run_strip(grey(colors), named_kernel(KernelName.SOBEL_Y), Sliding(), 2, 2, -20.0)
    scene = json.loads(json.dumps(strip_scene(grey(colors), strip, largest=largest)))
    _, conv, relu, pooled = (values(drawn) for drawn in scene["maps"])
    np.testing.assert_array_equal(relu, conv.clip(0))
    assert [drawn["from"] for drawn in scene["maps"]] == [None, 0, 1, 2]
    window = under(scene, 3, 4, 6)
    assert pooled[0, 4, 6] == pytest.approx(window.max() if largest else window.mean())
    assert len({drawn["scale"] for drawn in scene["maps"][1:]}) == 1


@pytest.mark.parametrize(
    ("name", "look"),
    [
        (KernelName.IDENTITY, PICTURE),
        (KernelName.BLUR, PICTURE),
        (KernelName.SHARPEN, PICTURE),
        (KernelName.SOBEL_X, SIGNED),
        (KernelName.LAPLACIAN, SIGNED),
    ],
)
def test_an_output_looks_like_a_picture_when_it_is_one(colors, name, look):
    filtered = apply_kernel(grey(colors), named_kernel(name), Sliding())
    [_, output] = convolution_scene(grey(colors), filtered, turned=False, note="")["maps"]
    assert output["look"] == look
    assert output["low"] == pytest.approx(filtered.output.min())
    assert output["scale"] == pytest.approx(abs(filtered.output).max())


def test_one_white_pixel_is_answered_in_signed_values():
    white = np.zeros((1, 9, 9), np.uint8)
    white[0, 4, 4] = 255
    for name in (KernelName.EMBOSS, KernelName.OUTLINE):
        filtered = apply_kernel(white, named_kernel(name), Sliding())
        assert convolution_scene(white, filtered, turned=False, note="")["maps"][1]["look"] == SIGNED


def test_the_largest_picture_is_sent_as_less_than_400_kilobytes():
    pixels = lab_picture(photo(Photo.FLOWER), 128)
    strip = run_strip(pixels, for_colors(named_kernel(KernelName.BLUR), ChannelMix.ALIKE), Sliding(), 1, 1)
    assert len(json.dumps(strip_scene(pixels, strip, largest=True))) < 400_000
