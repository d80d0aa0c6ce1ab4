"""A data set on disk: a small manifest, one line a picture, one line a rejected file.

datasets/<id>/manifest.json     what lists show: name, classes, counts, notes
              pictures.jsonl    one `Picture` a line, in the order of every index into the data set
              rejected.jsonl    one `Rejected` a line
              pictures/ab/<sha256>.<ext>
              decoded.raw       a cache of their pixels (core/data/decoded.py); it may be deleted at any time
              splits/<id>.json, split.json
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.errors import ConfigError, DatasetError
from core.records import from_json, to_json
from core.workspace import Workspace, folder_of, read_json, write_json

MAX_NAME = 80
MANIFEST, PICTURES, REJECTED = "manifest.json", "pictures.jsonl", "rejected.jsonl"

Line = TypeVar("Line", "Picture", "Rejected")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: what it is called, where its only copy lies, and what it shows.

    `key` is the SHA-256 of the file, so that copies share it; `name` is the name it came with;
    `given_split` is "train", "valid" or "test" where the folders said so; sizes in pixels as seen upright.
    """

    key: str
    file: str
    name: str
    label: str
    given_split: str | None
    width: int
    height: int
    mode: str
    format: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was left out: its name, why, and what would mend it."""

    name: str
    reason: str
    fix: str


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`: what can be shown of a data set without reading its pictures."""

    id: str
    name: str
    created: float  # Unix time
    source: str
    classes: tuple[str, ...]
    pictures: int
    rejected: int
    bytes: int
    notes: tuple[str, ...] = ()
    version: int = 1


@dataclass(frozen=True)
class DatasetSummary:
    """A line in a list of data sets."""

    id: str
    name: str
    created: float
    classes: int
    pictures: int
    bytes: int


@dataclass(frozen=True)
class Dataset:
    """Pictures with labels. `classes` is sorted; an index into `pictures` names a picture everywhere."""

    id: str
    name: str
    folder: Path
    created: float
    source: str
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()

    def path(self, picture: Picture) -> Path:
        """Where the file of `picture` lies."""
        return self.folder / picture.file

    def labels(self) -> np.ndarray:
        """Class indices (N,) int64, in the order of `pictures`."""
        index = {label: i for i, label in enumerate(self.classes)}
        return np.array([index[picture.label] for picture in self.pictures], dtype=np.int64)


def load_dataset(workspace: Workspace, dataset_id: str) -> Dataset:
    """The data set of that id.

    Raises:
        DatasetError: there is none, or one of its files is damaged; the file is named.
    """
    folder = folder_of(workspace.datasets, dataset_id)
    manifest = _read_manifest(folder)
    pictures = _read_lines(folder / PICTURES, Picture)
    rejected = _read_lines(folder / REJECTED, Rejected)
    if len(pictures) != manifest.pictures or not {p.label for p in pictures} <= set(manifest.classes):
        raise _damaged(folder / PICTURES)
    return Dataset(
        manifest.id,
        manifest.name,
        folder,
        manifest.created,
        manifest.source,
        manifest.classes,
        pictures,
        rejected,
        manifest.notes,
    )


def save_dataset(dataset: Dataset) -> None:
    """Write the three files that describe `dataset` into its folder; the pictures lie there already."""
    _write_lines(dataset.folder / PICTURES, dataset.pictures)
    _write_lines(dataset.folder / REJECTED, dataset.rejected)
    stored = {picture.key: picture.bytes for picture in dataset.pictures}
    manifest = Manifest(
        dataset.id,
        dataset.name,
        dataset.created,
        dataset.source,
        dataset.classes,
        len(dataset.pictures),
        len(dataset.rejected),
        sum(stored.values()),
        dataset.notes,
    )
    write_json(dataset.folder / MANIFEST, to_json(manifest))


def list_datasets(workspace: Workspace) -> list[DatasetSummary]:
    """All readable data sets, newest first; reads only their manifests."""
    summaries = []
    for folder in workspace.datasets.iterdir():
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            m = _read_manifest(folder)
        except DatasetError:
            continue
        summaries.append(DatasetSummary(m.id, m.name, m.created, len(m.classes), m.pictures, m.bytes))
    return sorted(summaries, key=lambda summary: (-summary.created, summary.id))


def damaged_datasets(workspace: Workspace) -> list[str]:
    """The ids of data sets whose manifest can't be read, so that no list shows them."""
    damaged = []
    for folder in sorted(workspace.datasets.iterdir()):
        if folder.is_dir() and not folder.name.startswith("."):
            try:
                _read_manifest(folder)
            except DatasetError:
                damaged.append(folder.name)
    return damaged


def rename_dataset(workspace: Workspace, dataset_id: str, name: str) -> None:
    """Call the data set `name` from now on; its id stays."""
    folder = folder_of(workspace.datasets, dataset_id)
    manifest = to_json(_read_manifest(folder))
    write_json(folder / MANIFEST, {**manifest, "name": checked_name(name)})


def delete_dataset(workspace: Workspace, dataset_id: str) -> None:
    """Remove the data set with its pictures and splits; it vanishes at once, its files just after."""
    folder = folder_of(workspace.datasets, dataset_id)
    doomed = folder.with_name(f".deleted-{folder.name}")
    try:
        folder.rename(doomed)
    except FileNotFoundError:
        raise _missing(folder) from None
    shutil.rmtree(doomed, ignore_errors=True)


def checked_name(name: str) -> str:
    """`name` without outer blanks; ConfigError if nothing is left, or too much."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise ConfigError(
            "The data set needs a name.",
            expected=f"1 to {MAX_NAME} characters",
            found=str(len(name)),
            fix="Type a short name that you'll recognise.",
        )
    return name


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise _missing(folder)
    try:
        return from_json(Manifest, read_json(path))
    except (OSError, ValueError, ConfigError) as error:
        raise _damaged(path) from error


def _read_lines(path: Path, kind: type[Line]) -> tuple[Line, ...]:
    try:
        with path.open(encoding="utf-8") as file:
            return tuple(kind(**json.loads(line)) for line in file)
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path) from error


def _write_lines(path: Path, records: Sequence[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_as_lines(records))


def _as_lines(records: Iterable[Any]) -> Iterable[str]:
    return (json.dumps(to_json(record), ensure_ascii=False) + "\n" for record in records)


def _missing(folder: Path) -> DatasetError:
    return DatasetError(
        f"There is no data set {folder.name}.", fix="It may have been deleted: choose another, or import it."
    )


def _damaged(path: Path) -> DatasetError:
    return DatasetError(
        f"{path.parent.name}/{path.name} is missing or damaged.",
        fix="Delete this data set and import it again.",
    )
