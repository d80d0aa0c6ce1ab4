"""A set of pictures and what models say of them: a folder, so that a reload loses nothing. No torch.

predictions/<id>/config.json, status.json ...   as of every job
                 upload.zip                     until it is unpacked
                 pictures/names.json, 0000000   the pictures as they came, under numbers
                 left_out.json                  what of an upload is not among them, and why
                 answers-<digest>.npz, .json    what one model says, asked in one way
                 labels.json                    true classes that the user has given
"""

import hashlib
import json
import secrets
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.data.archive import ZipSource
from core.data.dataset import Rejected
from core.data.decoding import MAX_FILE_BYTES
from core.data.folder_layout import shown, understand
from core.data.incoming import check_room
from core.data.parallel import Progress, StopCheck, never
from core.data.sources import NAMES_FILE, Listing, SourceFile, stage_uploads, staged_file
from core.errors import Cancelled, ImportRefused
from core.records import to_json
from core.serving.views import Looks
from core.workspace import put_in_place, read_json, write_json

MOST_PICTURES = 10_000  # in a set
ZIP, PICTURES, LEFT_OUT, LABELS = "upload.zip", "pictures", "left_out.json", "labels.json"


@dataclass(frozen=True)
class Asked:
    """A model by its key; `stamp` tells its weights from those that it has later. `distances` asks also how
    far each picture is from what the model knows (core.serving.familiarity).
    """

    model: str
    stamp: str
    looks: Looks = field(default_factory=Looks)
    distances: bool = False


@dataclass(frozen=True)
class PredictConfig:
    """One set of pictures: what it is called, and which models are asked about it."""

    name: str
    asked: tuple[Asked, ...]
    kind: str = "predict"


@dataclass(frozen=True)
class Answers:
    """What one model says of the N files of a set that are pictures.

    `positions` (N,) of them in the set, `keys` their SHA-256, `probabilities` (N, K) before calibration, and
    `distances` (N,) from what the model knows, where that was asked.
    """

    classes: tuple[str, ...]
    temperature: float
    positions: np.ndarray
    keys: tuple[str, ...]
    probabilities: np.ndarray
    distances: np.ndarray | None
    rejected: tuple[Rejected, ...]


def stage_files(folder: Path, files: Sequence[tuple[str, BinaryIO]]) -> None:
    """Lay down the pictures of a new set: (name, stream) pairs. Litter of file managers is left out.

    Raises:
        ImportRefused: there are none, or too many.
    """
    wanted = _wanted([name for name, _ in files])
    _check_number(len(wanted))
    stage_uploads(folder / PICTURES, [files[index] for index in wanted])


def unpack(folder: Path, *, on_progress: Progress, should_stop: StopCheck = never) -> None:
    """Lay down the pictures of the set's zip, if there is one that has not been unpacked.

    Raises:
        ImportRefused: it is no zip, a bomb, or holds nothing or too much.
        Cancelled: `should_stop` said so.
    """
    if not (folder / ZIP).exists():
        return
    shutil.rmtree(folder / PICTURES, ignore_errors=True)
    with ZipSource(folder / ZIP) as source:
        listing = source.listing(should_stop)
        files = [listing.files[index] for index in _wanted([file.name for file in listing.files])]
        _check_number(len(files))
        check_room(folder, sum(file.size for file in files))
        partial = folder / f".{PICTURES}"
        shutil.rmtree(partial, ignore_errors=True)
        rejected = _lay_down(partial, files, listing, on_progress, should_stop)
    write_json(folder / LEFT_OUT, to_json(rejected))
    partial.rename(folder / PICTURES)
    (folder / ZIP).unlink()


def number_of(folder: Path) -> int:
    """How many files the set holds; more than any may where its zip can't be read.

    Raises:
        ImportRefused: they are gone.
    """
    if not (folder / ZIP).exists():
        return len(names_of(folder))
    with suppress(ImportRefused), ZipSource(folder / ZIP) as source:
        return len(source.listing().files)
    return MOST_PICTURES + 1


def names_of(folder: Path) -> list[str]:
    """What the files of the set are called, by their positions.

    Raises:
        ImportRefused: they are gone.
    """
    try:
        return [str(name) for name in read_json(folder / PICTURES / NAMES_FILE)]
    except (OSError, ValueError, TypeError):
        raise ImportRefused("The pictures of this set are gone.", fix="Give them again.") from None


def picture_path(folder: Path, position: int) -> Path:
    return staged_file(folder / PICTURES, position)


def left_out(folder: Path) -> list[Rejected]:
    """What of an upload is not among the files of the set."""
    with suppress(OSError, ValueError, TypeError):
        return [Rejected(**row) for row in read_json(folder / LEFT_OUT)]
    return []


def save_answers(folder: Path, asked: Asked, answers: Answers) -> None:
    """Keep what a model says, whole or not at all."""
    path = _answers_path(folder, asked)
    record = {
        "classes": answers.classes,
        "temperature": answers.temperature,
        "keys": answers.keys,
        "rejected": to_json(answers.rejected),
    }
    write_json(path.with_suffix(".json"), record)
    arrays: dict[str, Any] = {"positions": answers.positions, "probabilities": answers.probabilities}
    if answers.distances is not None:
        arrays["distances"] = answers.distances
    partial = folder / f".{path.name}-{secrets.token_hex(4)}"  # two pages may ask the same
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    put_in_place(partial, path)


def load_answers(folder: Path, asked: Asked) -> Answers | None:
    """What the model has said; None where it was not asked in this way, or the file is damaged."""
    path = _answers_path(folder, asked)
    try:
        record = read_json(path.with_suffix(".json"))
        with np.load(path, allow_pickle=False) as arrays:
            return Answers(
                tuple(record["classes"]),
                float(record["temperature"]),
                arrays["positions"],
                tuple(record["keys"]),
                arrays["probabilities"],
                arrays.get("distances"),
                tuple(Rejected(**row) for row in record["rejected"]),
            )
    except Exception:  # numpy and zipfile raise many kinds; what can't be read is asked again
        return None


def given_labels(folder: Path) -> dict[int, str]:
    """The true classes that the user has given, by position."""
    with suppress(OSError, ValueError, AttributeError):
        return {int(position): str(label) for position, label in read_json(folder / LABELS).items()}
    return {}


def give_label(folder: Path, position: int, label: str | None) -> None:
    """Keep what the picture really is; None takes that back."""
    labels = given_labels(folder)
    labels.pop(position, None)
    if label is not None:
        labels[position] = label
    write_json(folder / LABELS, labels)


def folder_labels(names: Sequence[str], classes: Sequence[str]) -> list[str | None]:
    """The class that the folders in a name say, where the model has such a class."""
    places = understand(names).places
    known = set(classes)
    labels = (places[i].label if i in places else None for i in range(len(names)))
    return [label if label in known else None for label in labels]


def _lay_down(
    folder: Path, files: Sequence[SourceFile], listing: Listing, report: Progress, should_stop: StopCheck
) -> list[Rejected]:
    """Unpack `files` under numbers; what can't be is named."""
    folder.mkdir()
    names: list[str] = []
    rejected = list(listing.rejected)
    for done, file in enumerate(files):
        if should_stop():
            raise Cancelled
        report(done, len(files), "unpacking")
        target = staged_file(folder, len(names))
        try:
            with file.open() as packed, target.open("wb") as out:
                while block := packed.read(1 << 20):
                    out.write(block)
                    if out.tell() > MAX_FILE_BYTES:
                        raise zipfile.BadZipFile("it unpacks to more than it says")
        except OSError as failure:
            if failure.errno is not None:  # the disk's own words, not zipfile's
                raise
            rejected.append(_damaged(file, failure))
        except Exception as failure:  # zip members fail in many ways: checksum, compression kind, cut
            rejected.append(_damaged(file, failure))
        else:
            names.append(shown(file.name))
    (folder / NAMES_FILE).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    return rejected


def _damaged(file: SourceFile, failure: Exception) -> Rejected:
    reason = f"It can't be unpacked: {type(failure).__name__}: {failure}"[:160]
    return Rejected(shown(file.name), reason, "Pack the original again.")


def _wanted(names: Sequence[str]) -> list[int]:
    """All but the litter of file managers."""
    layout = understand(names)
    named = {rejected.name for rejected in layout.rejected}
    return [i for i, name in enumerate(names) if i in layout.places or shown(name) in named]


def _check_number(files: int) -> None:
    if not files:
        raise ImportRefused("There is no file to predict.", fix="Give at least one picture.")
    if files > MOST_PICTURES:
        raise ImportRefused(
            "These are too many pictures for one go.",
            expected=f"at most {MOST_PICTURES:,}",
            found=f"{files:,}",
            fix="Give them in several parts.",
        )


def _answers_path(folder: Path, asked: Asked) -> Path:
    digest = hashlib.sha256(json.dumps(to_json(asked), sort_keys=True).encode()).hexdigest()[:16]
    return folder / f"answers-{digest}.npz"
