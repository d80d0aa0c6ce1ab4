"""A pixel cache on a disk that damages it, over real pictures."""

import os
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

import core.data.pixel_rows as pixel_rows
from core.data.dataset import Dataset
from core.data.pixel_cache import PixelCache, open_pixel_cache
from core.data.pixel_rows import ENTRY, PixelRows, entry_of
from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import PicturesLost
from core.workspace import Workspace
from tests.core.data.bringing import bring, png, write_tree

SHAPE = (6, 5, 3)
ROW = int(np.prod(SHAPE))  # bytes
SMALL = Preprocessing.of(SHAPE[:2], ColorMode.RGB)
COUNT = 6


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    files = {f"{'cat' if seed % 2 else 'dog'}/{seed}.png": png(seed) for seed in range(COUNT)}
    return bring(workspace, write_tree(tmp_path / "pets", files))


def opened(workspace: Workspace, dataset: Dataset, without: Collection[str] = ()) -> PixelCache:
    return open_pixel_cache(
        workspace,
        dataset,
        SMALL,
        on_progress=lambda *_: None,
        should_stop=lambda: False,
        without=without,
    )


def turn_a_bit(path: Path, byte: int) -> None:
    """As a disk does: the file's times stay as they were."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[byte] ^= 4
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("row", range(COUNT))
def test_a_row_that_rotted_is_mended_on_disk_when_it_is_first_read(
    workspace: Workspace, dataset: Dataset, row: int
) -> None:
    path = opened(workspace, dataset).path
    whole = path.read_bytes()
    turn_a_bit(path, row * ROW + 17)
    assert path.read_bytes() != whole
    rows = opened(workspace, dataset).rows
    np.testing.assert_array_equal(
        rows.read(range(COUNT)).tobytes(), np.frombuffer(whole[: COUNT * ROW], np.uint8).tobytes()
    )
    assert path.read_bytes() == whole


def test_a_checksum_that_rotted_is_mended_and_costs_no_picture(
    workspace: Workspace, dataset: Dataset
) -> None:
    path = opened(workspace, dataset).path
    whole = path.read_bytes()
    turn_a_bit(path, COUNT * ROW + 2 * ENTRY.itemsize)
    assert opened(workspace, dataset).rows.read([2]).tobytes() == whole[2 * ROW : 3 * ROW]
    assert path.read_bytes() == whole


@pytest.mark.parametrize("left", [0, 100, COUNT * ROW - 1, COUNT * ROW + 3])
@pytest.mark.parametrize("order", [list(range(COUNT)), [5, 0, 3, 1, 4, 2]])
def test_a_file_cut_short_while_it_is_read_shows_the_same_pictures(
    workspace: Workspace, dataset: Dataset, left: int, order: list[int]
) -> None:
    cache = opened(workspace, dataset)
    before = cache.rows.read(range(COUNT))
    whole = cache.path.read_bytes()
    os.truncate(cache.path, left)
    for row in order:  # one by one, so that each read meets what those before it have mended
        np.testing.assert_array_equal(cache.rows.read([row]), before[[row]])
    assert cache.path.read_bytes()[: COUNT * ROW] == whole[: COUNT * ROW]
    assert opened(workspace, dataset).rows.read(range(COUNT)).tobytes() == before.tobytes()


def test_a_short_read_is_seen_also_where_the_file_says_nothing_of_a_change(
    workspace: Workspace, dataset: Dataset
) -> None:
    cache = opened(workspace, dataset)
    before = cache.rows.read(range(COUNT))
    stat = cache.path.stat()
    os.truncate(cache.path, 4 * ROW)
    os.utime(cache.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    np.testing.assert_array_equal(cache.rows.read([5, 4, 3]), before[[5, 4, 3]])


def test_a_file_that_another_run_has_mended_in_part_is_checked_anew(
    workspace: Workspace, dataset: Dataset
) -> None:
    """Its holes have the right length and are black."""
    ours, theirs = opened(workspace, dataset), opened(workspace, dataset)
    before = ours.rows.read(range(COUNT))
    os.truncate(ours.path, 0)
    theirs.rows.read([COUNT - 1])
    np.testing.assert_array_equal(ours.rows.read(range(COUNT - 1)), before[:-1])


def test_a_file_cut_short_in_the_middle_of_a_reading_shows_the_same_pictures(
    workspace: Workspace, dataset: Dataset
) -> None:
    cache = opened(workspace, dataset)

    def mend(row: int) -> np.ndarray:
        if row == 1:
            os.truncate(cache.path, 0)
        return expected[row]

    expected = opened(workspace, dataset).rows.read(range(COUNT))
    turn_a_bit(cache.path, ROW)
    rows = PixelRows(cache.path, (COUNT, *SHAPE), mend)
    others = [0, 2, 3, 4, 5]
    np.testing.assert_array_equal(rows.read(others), expected[others])
    np.testing.assert_array_equal(rows.read([1, *others]), expected[[1, *others]])


def test_a_row_whose_picture_is_gone_too_is_named_with_its_key(
    workspace: Workspace, dataset: Dataset
) -> None:
    path = opened(workspace, dataset).path
    turn_a_bit(path, 3 * ROW)
    lost = dataset.pictures[3]
    dataset.path(lost).unlink()
    rows = opened(workspace, dataset).rows
    with pytest.raises(PicturesLost, match=rf"{lost.name} of data set Test pictures") as caught:
        rows.read(range(COUNT))
    assert caught.value.keys == (lost.key,)
    assert str(dataset.path(lost)) in caught.value.fix
    assert rows.read([0, 1, 2, 4, 5]).shape == (5, *SHAPE)


def test_a_picture_that_became_another_one_mends_no_row(workspace: Workspace, dataset: Dataset) -> None:
    path = opened(workspace, dataset).path
    turn_a_bit(path, 0)
    dataset.path(dataset.pictures[0]).write_bytes(png(99))
    with pytest.raises(PicturesLost, match="is not the one that was imported") as caught:
        opened(workspace, dataset).rows.read([0])
    assert caught.value.keys == (dataset.pictures[0].key,)


def test_pictures_that_are_lost_when_the_cache_is_made_are_all_named(
    workspace: Workspace, dataset: Dataset
) -> None:
    lost = (dataset.pictures[1], dataset.pictures[4])
    for picture in lost:
        dataset.path(picture).unlink()
    with pytest.raises(PicturesLost, match=f"2 pictures .*{lost[0].name}, {lost[1].name}") as caught:
        opened(workspace, dataset)
    assert caught.value.keys == tuple(picture.key for picture in lost)


def test_the_cache_opens_without_a_lost_picture_and_has_it_once_it_is_back(
    workspace: Workspace, dataset: Dataset
) -> None:
    expected = opened(workspace, dataset).rows.read(range(COUNT))
    lost, others = dataset.pictures[2], [0, 1, 3, 4, 5]
    content = dataset.path(lost).read_bytes()
    opened(workspace, dataset).path.unlink()
    dataset.path(lost).unlink()
    cache = opened(workspace, dataset, without=(lost.key,))
    assert cache.rows.lost() == [2]
    np.testing.assert_array_equal(cache.rows.read(others), expected[others])
    with pytest.raises(PicturesLost, match=lost.name):
        opened(workspace, dataset)
    dataset.path(lost).write_bytes(content)
    back = opened(workspace, dataset).rows
    assert back.lost() == []
    np.testing.assert_array_equal(back.read(range(COUNT)), expected)


def test_only_the_first_reading_of_a_row_is_checked(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = opened(workspace, dataset).rows
    checked: list[int] = []

    def counted(pixels: np.ndarray) -> int:
        checked.append(len(pixels))
        return entry_of(pixels)

    monkeypatch.setattr(pixel_rows, "entry_of", counted)
    rows.read([0, 1, 2])
    rows.read([2, 1, 0, 3])
    rows.read([3, 3])
    assert len(checked) == 4


def test_a_row_that_cannot_be_written_is_still_read(
    workspace: Workspace, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = opened(workspace, dataset)
    expected = cache.pixels[1].copy()
    turn_a_bit(cache.path, ROW)
    rows = opened(workspace, dataset).rows
    cache.path.unlink()
    np.testing.assert_array_equal(rows.read([1])[0], expected)
    assert f"Row 1 of {cache.path.name} could not be mended" in capsys.readouterr().out


def test_pixels_whose_checksum_is_zero_are_not_taken_for_lost_ones() -> None:
    assert zlib.crc32(b"") == 0
    assert entry_of(np.zeros(0, np.uint8)) != pixel_rows.LOST
