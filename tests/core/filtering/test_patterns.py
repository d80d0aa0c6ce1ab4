import numpy as np
import pytest

from core.filtering.patterns import Pattern, pattern


@pytest.mark.parametrize("kind", Pattern)
@pytest.mark.parametrize("size", [8, 33, 128])
def test_a_pattern_has_black_and_white_and_its_size(kind, size):
    pixels = pattern(kind, size)
    assert pixels.shape == (3, size, size)
    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert np.array_equal(pixels[0], pixels[1]) == (kind is not Pattern.DISCS)


def test_an_impulse_is_one_pixel():
    assert (pattern(Pattern.IMPULSE, 9)[0] > 0).sum() == 1


def test_the_letter_tells_all_turns_and_mirrors_apart():
    letter = pattern(Pattern.LETTER, 32)[0]
    seen = {np.rot90(side, turns).tobytes() for side in (letter, letter[:, ::-1]) for turns in range(4)}
    assert len(seen) == 8
