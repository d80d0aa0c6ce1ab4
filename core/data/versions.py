"""The next version of a data set: the old pictures and more to learn from; the old one stays as it is."""

import hashlib
import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.dataset import MAX_NAME, Dataset, Picture, save_dataset
from core.data.decoding import inspect
from core.data.folder_layout import shown
from core.data.importing import place_of
from core.data.incoming import check_room, incoming, remove_leftovers
from core.data.splitting import Split, save_split, with_training
from core.errors import ConfigError
from core.workspace import Workspace, new_id

_NUMBER = re.compile(r" \((\d+)\)$")


@dataclass(frozen=True)
class Labelled:
    """A picture file with its true class."""

    name: str
    path: Path
    label: str


def next_version(workspace: Workspace, dataset: Dataset, split: Split, added: Sequence[Labelled]) -> Dataset:
    """`dataset` with the pictures `added`, which go to training; the others keep their side of `split`.

    Files that it holds already are not added: one that validates or tests must not train. The data set
    appears whole or not at all; where the disk allows it, old pictures are not stored twice.

    Raises:
        ConfigError: a label is none of the classes, or all files are in the data set already.
        PictureRejected: a file is no picture any more.
        ImportRefused: the disk is full.
    """
    if unknown := sorted({each.label for each in added} - set(dataset.classes)):
        raise ConfigError(
            f"The data set has no class {unknown[0]}.",
            expected="one of " + ", ".join(dataset.classes)[:200],
            fix="Choose one of its classes.",
        )
    remove_leftovers(workspace)
    dataset_id = new_id(dataset.name)
    with incoming(workspace, dataset_id) as folder:
        check_room(folder, sum(each.path.stat().st_size for each in added))
        for picture in {picture.file: picture for picture in dataset.pictures}.values():
            _link(dataset.path(picture), folder / picture.file)
        held = {picture.key for picture in dataset.pictures}
        new: list[Picture] = []
        for each in added:
            picture = _described(each)
            if picture.key not in held:
                held.add(picture.key)
                _copy(each.path, folder / picture.file)
                new.append(picture)
        if not new:
            raise ConfigError(
                "All of these pictures are in the data set already.",
                fix="Correct pictures that are not from the data set itself.",
            )
        notes = (
            *dataset.notes,
            f"Made of {dataset.name} ({dataset.id}) and {len(new):,} corrected pictures.",
        )
        version = replace(
            dataset,
            id=dataset_id,
            name=next_name(dataset.name),
            folder=folder,
            created=time.time(),
            pictures=(*dataset.pictures, *new),
            notes=notes,
        )
        save_dataset(version)
        first = len(dataset.pictures)
        save_split(version, with_training(version, split, [*split.train, *range(first, first + len(new))]))
    return replace(version, folder=workspace.datasets / dataset_id)


def next_name(name: str) -> str:
    """ "Pets" becomes "Pets (2)", and that "Pets (3)"."""
    found = _NUMBER.search(name)
    mark = f" ({int(found[1]) + 1 if found else 2})"
    return _NUMBER.sub("", name)[: MAX_NAME - len(mark)] + mark


def _described(labelled: Labelled) -> Picture:
    with labelled.path.open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()
    facts = inspect(labelled.path)
    return Picture(
        key=key,
        file=place_of(key, facts.format),
        name=shown(labelled.name),
        label=labelled.label,
        given_split=None,
        width=facts.width,
        height=facts.height,
        mode=facts.mode,
        format=facts.format,
        bytes=labelled.path.stat().st_size,
    )


def _link(source: Path, target: Path) -> None:
    """`source` under another name: the same bytes on the disk, or a copy where it knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
