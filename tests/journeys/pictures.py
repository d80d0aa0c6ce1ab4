"""Real photographs, cut into small class folders, for journeys to bring."""

import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_image

PHOTOS = {"palace": "china.jpg", "flower": "flower.jpg"}


def photo_cuttings(each: int, *, side: int = 48) -> dict[str, bytes]:
    """`each` different PNG cuttings of two photographs, as name -> bytes."""
    draw = random.Random(0)
    files = {}
    for label, photo in PHOTOS.items():
        picture = Image.fromarray(load_sample_image(photo))
        for number in range(each):
            left, top = draw.randrange(picture.width - side), draw.randrange(picture.height - side)
            files[f"{label}/{number:02d}.png"] = as_png(picture.crop((left, top, left + side, top + side)))
    return files


def as_png(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
