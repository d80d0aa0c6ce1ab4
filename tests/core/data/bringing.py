"""Small real pictures, folders and zips for tests, and an import without a screen."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.workspace import Workspace


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(seed: int, height: int = 12, width: int = 10, mode: str = "RGB") -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(values if channels > 1 else values[..., 0], mode if mode == "CMYK" else None)


def png(seed: int, **size: int) -> bytes:
    return encoded(noise(seed, **size))


def write_tree(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def bring(workspace: Workspace, path: Path, name: str = "Test pictures") -> Dataset:
    """Import the folder or zip at `path`."""
    kind = SourceKind.FOLDER if path.is_dir() else SourceKind.ZIP
    return bring_with(workspace, ImportConfig(name, kind, str(path)))


def bring_with(workspace: Workspace, config: ImportConfig) -> Dataset:
    return import_dataset(workspace, config, on_progress=lambda *_: None, should_stop=lambda: False)


def everything_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
