"""Models that were brought from elsewhere: a folder each, as they were taken in. No torch.

models/<id>/origin.json   what file it was, and what that said of itself
            model.json    the network, its picture settings and its classes
            best.pt       its weights; or
            model.onnx    the network, for onnxruntime
"""

import contextlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import ConfigError, ModelFileError
from core.models.saved_model import MODEL_FILE
from core.records import from_json, to_json
from core.workspace import Workspace, folder_of, new_id, read_json, write_json

ORIGIN_FILE, WEIGHTS_FILE, ONNX_FILE = "origin.json", "best.pt", "model.onnx"
MOST_NAME = 120  # characters
LEFTOVER_AGE = 3600.0  # seconds
_INCOMING, _DELETED = ".incoming-", ".deleted-"


class Form(StrEnum):
    """What kind of file a model came as."""

    EXPORT = "export"  # a zip that this app made
    WEIGHTS = "weights"  # safetensors, or a state dict that torch saved
    ONNX = "onnx"


@dataclass(frozen=True)
class Origin:
    """`file` is the name that the file came under, `size` in bytes, `imported` in seconds since 1970.

    `told` is what the file says of its making, which nobody has checked, and `temperature` that of its
    probabilities.
    """

    name: str
    form: Form
    file: str
    sha256: str
    size: int
    imported: float
    temperature: float = 1.0
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportedModel:
    """A model in its folder."""

    folder: Path
    origin: Origin

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def name(self) -> str:
        return self.origin.name

    @property
    def weights(self) -> Path:
        """The file that holds its weights."""
        return self.folder / (ONNX_FILE if self.origin.form is Form.ONNX else WEIGHTS_FILE)

    @property
    def stamp(self) -> str:
        """Tells its weights, classes and picture settings from those that it has later."""
        files = (self.weights, self.folder / MODEL_FILE)
        return "-".join(str(file.stat().st_mtime_ns) if file.exists() else "0" for file in files)


def list_imported(workspace: Workspace) -> list[ImportedModel]:
    """All that can be read, newest first."""
    found = []
    for folder in workspace.models.iterdir():
        if not folder.name.startswith(".") and (folder / ORIGIN_FILE).is_file():
            with contextlib.suppress(ModelFileError):
                found.append(ImportedModel(folder, _read_origin(folder)))
    return sorted(found, key=lambda model: model.id, reverse=True)


def open_imported(workspace: Workspace, model_id: str) -> ImportedModel:
    """The model with this id.

    Raises:
        ModelFileError: there is none, or it is damaged.
    """
    folder = folder_of(workspace.models, model_id)
    if not (folder / ORIGIN_FILE).is_file():
        raise ModelFileError(
            f"There is no imported model {model_id}.",
            fix="It may have been deleted. Choose another one from the list.",
        )
    return ImportedModel(folder, _read_origin(folder))


@contextmanager
def incoming_model(workspace: Workspace, name: str) -> Iterator[Path]:
    """A folder to lay a new model down in. It takes its place at the end; after any error it is gone.

    Its final name is known from the start, and is that of the folder but for the mark before it.
    """
    _remove_leftovers(workspace)
    model_id = new_id(name)
    folder = workspace.models / f"{_INCOMING}{model_id}"
    folder.mkdir(parents=True)
    try:
        yield folder
        folder.rename(placed(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def placed(incoming: Path) -> Path:
    """Where the folder of `incoming_model` will be."""
    return incoming.with_name(incoming.name.removeprefix(_INCOMING))


def write_origin(folder: Path, origin: Origin) -> None:
    write_json(folder / ORIGIN_FILE, to_json(origin))


def rename_imported(model: ImportedModel, name: str) -> None:
    """Give it another name; its id and its files stay.

    Raises:
        ModelFileError: the name is empty.
    """
    if not name.strip():
        raise ModelFileError("A model needs a name.", fix="Type at least one character.")
    write_origin(model.folder, replace(model.origin, name=name.strip()[:MOST_NAME]))


def delete_imported(model: ImportedModel) -> None:
    doomed = model.folder.rename(model.folder.with_name(f"{_DELETED}{model.id}"))
    shutil.rmtree(doomed, ignore_errors=True)


def _read_origin(folder: Path) -> Origin:
    try:
        return from_json(Origin, read_json(folder / ORIGIN_FILE))
    except (OSError, ValueError, ConfigError) as damage:
        raise ModelFileError(
            f"{ORIGIN_FILE} of the imported model {folder.name} can't be read: {damage}",
            fix="Bring the model again.",
        ) from damage


def _remove_leftovers(workspace: Workspace) -> None:
    """Delete what a crash left half brought or half deleted an hour ago or more."""
    for mark in (_INCOMING, _DELETED):
        for leftover in workspace.models.glob(f"{mark}*"):
            with contextlib.suppress(OSError):
                if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                    shutil.rmtree(leftover, ignore_errors=True)
