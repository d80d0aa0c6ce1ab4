"""What a model's file is, and what its bringer says of it. No torch."""

import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from core.data.preprocessing import Preprocessing
from core.data.zip_directory import directory_checked
from core.errors import ModelFileError
from core.models.imported import Form

CONFIG_FILE = "config.json"  # of an exported zip
MOST_CLASSES = 50_000
_ZIP, _PICKLE, _BRACE, _ONNX = b"PK\x03\x04", b"\x80", b"{", b"\x08"
_TAR, _TAR_AT = b"ustar", 257


@dataclass(frozen=True)
class ModelImport:
    """A file at `path` that came as `file`, to become a model called `name`.

    Bare weights also need `like`: "backbone.<name>", "preset.<key>" or "run.<id>", and for a preset the
    `pictures` that it is for. `classes`, in the order of the outputs, are empty where nobody knows them.
    """

    name: str
    file: str
    path: str = ""
    like: str = ""
    classes: tuple[str, ...] = ()
    pictures: Preprocessing | None = None
    kind: str = "import-model"


def form_of(file: BinaryIO) -> Form:
    """What kind of model file this is, by its content.

    Raises:
        ModelFileError: it is none that can be taken in.
    """
    file.seek(0)
    head = file.read(_TAR_AT + len(_TAR))
    file.seek(0)
    if head.startswith(_ZIP):
        return Form.EXPORT if _is_export(file) else Form.WEIGHTS
    if head[8:9] == _BRACE or head.startswith(_PICKLE):
        return Form.WEIGHTS
    if head.startswith(_ONNX):
        return Form.ONNX
    if head[_TAR_AT:] == _TAR:
        raise ModelFileError(
            "This is a tar file, as torch wrote before 2018. It can't be read without running what is in it.",
            fix="Load it where it was made, and save model.state_dict() with today's torch.",
        )
    raise ModelFileError(
        "This is not a model file that can be taken in.",
        expected="a zip exported by this app, safetensors, a state dict that torch saved, or ONNX",
        found=f"a file that begins with {head[:8].hex(' ') or 'nothing'}",
        fix="Save the weights as safetensors, or the whole model as ONNX.",
    )


def class_names(text: str) -> tuple[str, ...]:
    """The names in a text, one a line; lines without any are left out."""
    return tuple(name for line in text.splitlines() if (name := line.strip()))


def names_for(outputs: int, classes: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """The names of a network's classes, numbered where there are none, and whether a single logit tells them.

    Raises:
        ModelFileError: there are more or fewer than the network has.
    """
    number = max(outputs, 2)
    if number > MOST_CLASSES:
        raise ModelFileError(
            "The network has more classes than can be shown.",
            expected=f"at most {MOST_CLASSES:,}",
            found=f"{number:,}",
            fix="Bring a classifier.",
        )
    if classes and len(classes) != number:
        raise ModelFileError(
            f"The network tells {number:,} classes apart.",
            expected=f"{number:,} names",
            found=f"{len(classes):,}",
            fix="Give a name for each class, in the order of the training, or none at all.",
        )
    return classes or tuple(f"class {index}" for index in range(number)), outputs == 1


def _is_export(file: BinaryIO) -> bool:
    try:
        with zipfile.ZipFile(directory_checked(file)) as archive:
            return CONFIG_FILE in archive.namelist()
    except Exception:  # zipfile raises many kinds on damaged files; reading it as weights tells what is wrong
        return False
    finally:
        file.seek(0)
