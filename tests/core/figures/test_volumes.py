from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.figures.volumes import LETTER_WIDTH, Drawing, Volume, arrange

maps = st.tuples(st.integers(1, 512), st.integers(1, 224), st.integers(1, 224))
vectors = st.tuples(st.integers(1, 4096))
shapes = st.tuples(maps, st.lists(maps | vectors, max_size=30)).map(lambda pair: [pair[0], *pair[1]])


def drawn(shapes: list, width: int) -> Drawing:
    return arrange([Volume("convolution", "conv", shape, str(shape), "") for shape in shapes], width)


@settings(max_examples=200, deadline=None)
@given(shapes=shapes, width=st.integers(200, 1200))
def test_boxes_and_their_labels_never_overlap(shapes, width):
    drawing = drawn(shapes, width)
    for box, following in pairwise(drawing.boxes):
        if box.level == following.level:
            assert box.right + box.slant[0] < following.left
            letters = (len(box.volume.label) + len(following.volume.label)) / 2
            assert (following.middle[0] - box.middle[0]) * drawing.unit > LETTER_WIDTH * letters
        else:
            assert following.top[1] < box.ground
    for box in drawing.boxes:
        assert 0 <= box.left < box.right + box.slant[0] <= drawing.width
        assert drawing.bottom < box.ground < box.top[1] < drawing.top


@settings(max_examples=200, deadline=None)
@given(shapes=shapes, width=st.integers(200, 1200))
def test_rows_fit_the_width(shapes, width):
    drawing = drawn(shapes, width)
    assert drawing.width * drawing.unit <= width + 1


def test_rows_are_about_equally_long():
    levels = [box.level for box in drawn([(8, 32, 32)] * 8, 480).boxes]
    assert [levels.count(level) for level in dict.fromkeys(levels)] == [4, 4]


def test_a_row_of_small_maps_takes_little_height():
    tall = drawn([(8, 32, 32)] * 8, 480)
    flat = drawn([(8, 32, 32)] * 4 + [(8, 4, 4)] * 4, 480)
    assert -flat.bottom < -tall.bottom - 0.5


def test_vectors_are_columns_by_the_root_of_their_length():
    _, wide, narrow = drawn([(1, 8, 8), (400,), (100,)], 480).boxes
    assert narrow.height / wide.height == pytest.approx(0.5)
