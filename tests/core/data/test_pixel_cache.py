import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.dataset import Dataset
from core.data.decoding import open_picture
from core.data.pixel_cache import PixelCache, cache_key, open_pixel_cache
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import Cancelled, DatasetError, WorkbenchError
from core.workspace import Workspace
from tests.core.data.bringing import bring, encoded, png, write_tree

RGB = Preprocessing.of((20, 24), ColorMode.RGB)
PHOTO = Image.fromarray(load_sample_image("flower.jpg"))


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    files = {
        "cat/1.png": png(1),
        "cat/copy.png": png(1),
        "dog/photo.jpg": encoded(PHOTO.resize((1280, 854)), "JPEG"),
        "dog/grey.png": encoded(PHOTO.convert("L")),
    }
    return bring(workspace, write_tree(tmp_path / "pets", files))


def opened(workspace: Workspace, dataset: Dataset, preprocessing: Preprocessing = RGB) -> PixelCache:
    return open_pixel_cache(
        workspace, dataset, preprocessing, on_progress=lambda *_: None, should_stop=lambda: False
    )


@pytest.mark.parametrize("color", list(ColorMode))
@pytest.mark.parametrize("resize", list(Resize))
def test_rows_are_what_prediction_would_make(
    workspace: Workspace, dataset: Dataset, color: ColorMode, resize: Resize
) -> None:
    preprocessing = Preprocessing.of((20, 24), color, resize=resize)
    pixels = opened(workspace, dataset, preprocessing).pixels
    assert (pixels.shape, pixels.dtype) == ((4, 20, 24, color.channels), np.uint8)
    for row, picture in zip(pixels, dataset.pictures, strict=True):
        expected = preprocessing.pixels(open_picture(dataset.path(picture), at_least=(20, 24)))
        np.testing.assert_array_equal(row, expected)


def test_the_pixels_can_t_be_changed(workspace: Workspace, dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        opened(workspace, dataset).pixels[0] = 0


def test_the_second_time_nothing_is_decoded(workspace: Workspace, dataset: Dataset) -> None:
    first = opened(workspace, dataset)
    for picture in dataset.pictures:
        dataset.path(picture).unlink(missing_ok=True)
    np.testing.assert_array_equal(opened(workspace, dataset).pixels, first.pixels)


def test_the_key_follows_what_decides_the_pixels(dataset: Dataset) -> None:
    same = Preprocessing.of((20, 24), ColorMode.RGB, mean=0.1, std=0.9)
    others = [
        Preprocessing.of((24, 20), ColorMode.RGB),
        Preprocessing.of((20, 24), ColorMode.GREY),
        Preprocessing.of((20, 24), ColorMode.RGB, resize=Resize.PAD),
    ]
    assert cache_key(dataset, same) == cache_key(dataset, RGB)
    assert len({cache_key(dataset, p) for p in [RGB, *others]}) == 4


def test_a_deleted_or_cut_cache_comes_back(workspace: Workspace, dataset: Dataset) -> None:
    first = opened(workspace, dataset)
    expected = first.pixels.copy()
    first.path.unlink()
    np.testing.assert_array_equal(opened(workspace, dataset).pixels, expected)
    os.truncate(first.path, 100)
    np.testing.assert_array_equal(opened(workspace, dataset).pixels, expected)


@pytest.mark.parametrize("damage", ["gone", "rotten"])
def test_a_lost_picture_is_named(workspace: Workspace, dataset: Dataset, damage: str) -> None:
    path = dataset.path(dataset.pictures[-1])
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DatasetError, match=r"dog/photo\.jpg"):
        opened(workspace, dataset)
    assert not list(workspace.caches.rglob("*.partial"))


def test_cancelling_leaves_nothing_half_made(workspace: Workspace, dataset: Dataset) -> None:
    with pytest.raises(Cancelled):
        open_pixel_cache(workspace, dataset, RGB, on_progress=lambda *_: None, should_stop=lambda: True)
    assert not [path for path in workspace.caches.rglob("*") if path.suffix in (".partial", ".u8")]


def test_a_full_disk_is_told_and_doesn_t_kill(workspace: Workspace, dataset: Dataset) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(WorkbenchError, match="can't be kept on the disk"):
            opened(workspace, dataset)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(workspace.caches.rglob("*.partial"))


def test_two_at_once_build_once(workspace: Workspace, dataset: Dataset) -> None:
    builds: list[int] = []
    results: list[np.ndarray] = []

    def build() -> None:
        cache = open_pixel_cache(
            workspace,
            dataset,
            RGB,
            on_progress=lambda done, total, _: builds.append(done) if done == total else None,
            should_stop=lambda: False,
        )
        results.append(np.array(cache.pixels))

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert len(results) == 4
    assert all(np.array_equal(result, results[0]) for result in results)


def test_what_dead_builders_left_is_removed_after_a_day(workspace: Workspace, dataset: Dataset) -> None:
    folder = workspace.caches / "pixels"
    folder.mkdir()
    old, new = folder / "old.partial", folder / "new.partial"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    opened(workspace, dataset)
    assert (old.exists(), new.exists()) == (False, True)


def test_pixels_that_nothing_asked_for_in_a_month_make_room(workspace: Workspace, dataset: Dataset) -> None:
    unused, used = opened(workspace, dataset).path, opened(workspace, dataset, Preprocessing()).path
    for path in (unused, used):
        os.utime(path, (0, 0))
    opened(workspace, dataset, Preprocessing())
    opened(workspace, dataset, Preprocessing.of((8, 8), ColorMode.GREY))
    assert (unused.exists(), used.exists()) == (False, True)
