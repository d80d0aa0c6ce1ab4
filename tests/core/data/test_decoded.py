from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import core.data.decoded as decoded
import core.data.pixel_cache as pixel_cache
from core.data.dataset import Dataset
from core.data.decoded import ENTRY, FILE, DecodedPictures
from core.data.decoding import open_picture
from core.data.pixel_cache import open_pixel_cache
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import PicturesLost
from core.workspace import Workspace
from tests.core.data.bringing import bring, encoded, noise, png, write_tree

PHOTO = Image.fromarray(load_sample_image("flower.jpg")).resize((1280, 854))
TURNED = Image.Exif()
TURNED[0x0112] = 6
FILES = {
    "cat/1.png": png(1),
    "cat/copy.png": png(1),
    "cat/grey.png": encoded(noise(2, mode="L")),
    "dog/photo.jpg": encoded(PHOTO, "JPEG"),
    "dog/turned.jpg": encoded(PHOTO, "JPEG", exif=TURNED),
    "dog/see-through.png": encoded(noise(3, mode="RGBA")),
}


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    return bring(workspace, write_tree(tmp_path / "pets", FILES))


def pixels(workspace: Workspace, dataset: Dataset, preprocessing: Preprocessing) -> np.ndarray:
    cache = open_pixel_cache(
        workspace, dataset, preprocessing, on_progress=lambda *_: None, should_stop=lambda: False
    )
    return np.array(cache.pixels)


def afresh(dataset: Dataset, preprocessing: Preprocessing) -> np.ndarray:
    opened = (open_picture(dataset.path(p), at_least=preprocessing.at_least) for p in dataset.pictures)
    return np.stack([preprocessing.pixels(picture) for picture in opened])


@pytest.mark.parametrize("size", [(128, 128), (20, 24), (8, 100)])
@pytest.mark.parametrize(("color", "resize"), [(ColorMode.RGB, Resize.CROP), (ColorMode.GREY, Resize.PAD)])
def test_a_training_decodes_nothing_again_and_gets_the_same_pixels(
    workspace: Workspace,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    color: ColorMode,
    resize: Resize,
) -> None:
    preprocessing = Preprocessing.of(size, color, resize=resize)
    expected = afresh(dataset, preprocessing)
    monkeypatch.setattr(pixel_cache, "pixels_of", None)
    np.testing.assert_array_equal(pixels(workspace, dataset, preprocessing), expected)


def test_what_is_wanted_larger_is_decoded_again(workspace: Workspace, dataset: Dataset) -> None:
    kept, large = DecodedPictures(dataset), (129, 20)
    found = {p.name: kept.get(row, large) is not None for row, p in enumerate(dataset.pictures)}
    assert found == {name: not name.endswith(".jpg") for name in FILES}
    preprocessing = Preprocessing.of((300, 310), ColorMode.RGB)
    np.testing.assert_array_equal(pixels(workspace, dataset, preprocessing), afresh(dataset, preprocessing))


def test_copies_are_kept_once(workspace: Workspace, dataset: Dataset) -> None:
    assert [picture.name for picture in dataset.pictures[:2]] == ["cat/1.png", "cat/copy.png"]
    photos = 2 * 640 * 427 * 3  # half of each side is more than twice 128 pixels
    small = 12 * 10 * (3 + 1 + 3)
    assert (dataset.folder / FILE).stat().st_size == photos + small + len(FILES) * ENTRY.itemsize


def turn_a_bit(path: Path, byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: turn_a_bit(path, 5),  # of the first picture
        lambda path: turn_a_bit(path, -len(FILES) * ENTRY.itemsize),  # of where it lies
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b"short"),
        lambda path: path.unlink(),
    ],
)
def test_damage_costs_only_time(
    workspace: Workspace, dataset: Dataset, spoil: Callable[[Path], object]
) -> None:
    spoil(dataset.folder / FILE)
    assert DecodedPictures(dataset).get(0, (8, 8)) is None
    preprocessing = Preprocessing.of((8, 8), ColorMode.RGB)
    np.testing.assert_array_equal(pixels(workspace, dataset, preprocessing), afresh(dataset, preprocessing))


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: turn_a_bit(path, -5)])
def test_a_picture_whose_file_is_lost_is_not_covered_up(
    workspace: Workspace, dataset: Dataset, damage: Callable[[Path], object]
) -> None:
    damage(dataset.path(dataset.pictures[-1]))
    with pytest.raises(PicturesLost, match=r"dog/turned\.jpg"):
        pixels(workspace, dataset, Preprocessing.of((8, 8), ColorMode.RGB))


def test_no_more_is_kept_than_has_room(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded, "MOST_BYTES", 12 * 10 * 4)
    dataset = bring(workspace, write_tree(tmp_path / "pets", FILES))
    kept = DecodedPictures(dataset)
    assert [kept.get(row, (8, 8)) is not None for row in range(len(FILES))] == [True] * 3 + [False] * 3
    monkeypatch.setattr(decoded, "free_disk", lambda folder: 0)
    other = DecodedPictures(bring(workspace, tmp_path / "pets"))
    assert [other.get(row, (8, 8)) for row in range(len(FILES))] == [None] * len(FILES)


def test_what_another_version_decoded_is_not_used(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DecodedPictures(dataset).get(0, (8, 8)) is not None
    monkeypatch.setattr(decoded, "DECODER", decoded.DECODER + 1)
    assert DecodedPictures(dataset).get(0, (8, 8)) is None
