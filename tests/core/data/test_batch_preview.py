"""The batch on the screen against the code beside it, run as a user would."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.batch_preview import batch_source, read_pixels
from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import ConfigError, DatasetError
from core.workspace import Workspace


@pytest.fixture
def photos(workspace: Workspace, tmp_path: Path) -> Dataset:
    """One of each kind of picture that decodes in a way of its own."""
    flower = Image.fromarray(load_sample_image("flower.jpg"))
    grey = np.asarray(flower.convert("L"))
    clear = flower.convert("RGBA")
    clear.putalpha(Image.fromarray(grey))
    turned = Image.Exif()
    turned[0x0112] = 6
    folder = tmp_path / "kinds" / "flower"
    folder.mkdir(parents=True)
    flower.save(folder / "plain.png")
    flower.save(folder / "large.jpg", quality=90)
    flower.save(folder / "turned.jpg", exif=turned)
    flower.convert("CMYK").save(folder / "cmyk.jpg")
    clear.save(folder / "clear.png")
    clear.quantize(64).save(folder / "palette.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "deep.png")
    Image.fromarray(grey).save(folder / "grey.webp")
    config = ImportConfig("kinds", SourceKind.FOLDER, str(tmp_path / "kinds"))
    return import_dataset(workspace, config, on_progress=lambda *_: None, should_stop=lambda: False)


@pytest.mark.parametrize("color", list(ColorMode))
@pytest.mark.parametrize("side", [32, 48])
def test_code_makes_the_batch_that_is_shown(photos: Dataset, color: ColorMode, side: int) -> None:
    preprocessing = Preprocessing.of((side, side), color)
    indices = list(range(len(photos.pictures)))
    shown = preprocessing.normalized(read_pixels(photos, indices, preprocessing))
    names: dict[str, object] = {}
    exec(batch_source(photos, indices, preprocessing), names)
    made = names["batch"]
    assert made.shape == shown.shape == (8, color.channels, side, side)
    assert np.abs(made.numpy() - shown).max() <= 2 / 127.5  # two grey levels, from rounding of transparency
    assert np.abs(made.numpy() - shown).mean() < 0.1 / 127.5
    assert names["images"].shape == (8, side, side, color.channels)
    assert 0 <= names["images"].min() <= names["images"].max() <= 1 + 1e-6


def test_code_has_only_the_lines_that_its_pictures_need(photos: Dataset) -> None:
    plain = next(i for i, p in enumerate(photos.pictures) if p.name.endswith("plain.png"))
    source = batch_source(photos, [plain], Preprocessing.of((32, 32), ColorMode.RGB))
    assert "draft" not in source
    assert "transparency" not in source
    everything = batch_source(photos, range(8), Preprocessing.of((32, 32), ColorMode.RGB))
    assert all(word in everything for word in ("draft", "exif_transpose", "transparency", "257"))


def test_missing_picture_is_named(photos: Dataset) -> None:
    photos.path(photos.pictures[0]).unlink()
    with pytest.raises(DatasetError, match=photos.pictures[0].name):
        read_pixels(photos, [0], Preprocessing.of((8, 8), ColorMode.RGB))


def test_only_stretching_has_code(photos: Dataset) -> None:
    with pytest.raises(ConfigError, match="stretch"):
        batch_source(photos, [0], Preprocessing.of((8, 8), ColorMode.RGB, resize=Resize.PAD))
