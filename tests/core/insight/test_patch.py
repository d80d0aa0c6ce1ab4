import numpy as np

from core.insight.patch import Patch, with_frame


def test_the_rest_is_dimmed_and_the_patch_framed() -> None:
    shown = np.full((40, 40, 3), 200, np.uint8)
    framed = with_frame(shown, Patch(2, 5, 1, 8), (10, 10))
    assert framed.shape == (40, 40, 3)
    assert framed[0, 0].tolist() == [90, 90, 90]
    assert framed[16, 16].tolist() == [200, 200, 200]
    assert framed[8, 10].tolist() == framed[23, 10].tolist() == framed[12, 4].tolist() == [213, 94, 0]
    assert framed[24, 10].tolist() == [90, 90, 90]
    assert shown.min() == 200


def test_grey_becomes_colour() -> None:
    assert with_frame(np.full((8, 8), 100, np.uint8), Patch(0, 7, 0, 7), (8, 8)).shape == (8, 8, 3)
