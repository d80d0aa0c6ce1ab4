"""The scripts are run, and their numbers are the lab's."""

import io

import numpy as np
import pytest
from PIL import Image

from core.filtering.borders import Border
from core.filtering.correlation import Sliding, apply_kernel
from core.filtering.kernels import (
    ChannelMix,
    KernelName,
    for_colors,
    named_kernel,
    random_kernel,
    typed_kernel,
)
from core.filtering.patterns import Pattern, pattern
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.pooling import pool
from core.filtering.strip import run_strip
from core.filtering.torch_code import OWN_FILE, conv_code, pool_code, strip_code

SOBEL = named_kernel(KernelName.SOBEL_X)


def run(code: str) -> dict:
    names: dict = {}
    exec(code, names)
    return names


def assert_agrees(tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(tensor[0].numpy(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("origin", [*Photo, *Pattern])
@pytest.mark.parametrize("size", [9, 32])
def test_pictures_of_every_origin(origin, size, capsys):
    colors = lab_picture(photo(origin), size) if isinstance(origin, Photo) else pattern(origin, size)
    assert_agrees(run(conv_code(origin, size, SOBEL, Sliding()))["x"], grey(colors))
    kernel = for_colors(SOBEL, ChannelMix.RED_GREEN)
    assert_agrees(run(conv_code(origin, size, kernel, Sliding()))["x"], colors)
    assert "torch.Size" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kernel", "sliding"),
    [
        (SOBEL, Sliding()),
        (named_kernel(KernelName.GAUSSIAN, 5), Sliding(2, 2, 1, Border.REFLECT)),
        (named_kernel(KernelName.EMBOSS), Sliding(1, 3, 2, Border.REPLICATE, true_convolution=True)),
        (random_kernel(3, 7), Sliding(3, 4, 1, Border.ZERO, true_convolution=True)),
        (typed_kernel("0.125 -3; 1e-3 7", 3), Sliding(padding=1)),
        (typed_kernel("1234.5678 0.33333333"), Sliding()),
        (for_colors(named_kernel(KernelName.OUTLINE), ChannelMix.ALIKE), Sliding(1, 1, 1, Border.REFLECT)),
        (random_kernel(5, 3, 3), Sliding(dilation=3)),
    ],
)
def test_convolution(kernel, sliding, capsys):
    colors = lab_picture(photo(Photo.FLOWER), 24)
    picture = colors if len(kernel.weights) == 3 else grey(colors)
    output = run(conv_code(Photo.FLOWER, 24, kernel, sliding))["output"]
    assert_agrees(output, apply_kernel(picture, kernel, sliding).output)


@pytest.mark.parametrize(("window", "stride", "padding"), [(2, 2, 0), (3, 1, 1), (4, 5, 2)])
def test_pooling(window, stride, padding, capsys):
    names = run(pool_code(Photo.CHINA, 32, window, stride, padding))
    pooled = pool(grey(lab_picture(photo(Photo.CHINA), 32)), window, stride, padding)
    assert_agrees(names["largest"], pooled.largest)
    assert_agrees(names["winners"], pooled.winner)
    assert_agrees(names["mean"], pooled.mean)


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("bias", [0.0, -60.0])
def test_strip(largest, bias, capsys):
    sliding = Sliding(2, 1)
    names = run(strip_code(Photo.CHINA, 32, SOBEL, sliding, bias, 3, largest=largest))
    strip = run_strip(grey(lab_picture(photo(Photo.CHINA), 32)), SOBEL, sliding, 3, 3, bias)
    assert_agrees(names["output"], strip.filtered.output)
    assert_agrees(names["rectified"], strip.rectified)
    assert_agrees(names["pooled"], strip.pooled.largest if largest else strip.pooled.mean)


def test_a_picture_of_ones_own(tmp_path, monkeypatch, capsys):
    turned = Image.Exif()
    turned[0x0112] = 6
    photo(Photo.FLOWER).save(tmp_path / OWN_FILE, exif=turned)
    monkeypatch.chdir(tmp_path)
    pixels = lab_picture(io.BytesIO((tmp_path / OWN_FILE).read_bytes()), 20)
    assert_agrees(run(conv_code("own picture", 20, SOBEL, Sliding()))["x"], grey(pixels))
