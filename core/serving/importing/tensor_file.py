"""Tensors from a file that anybody may have made: looked at before they are read, and nothing in it runs."""

import json
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch

from core.data.zip_directory import directory_checked
from core.errors import ModelFileError
from core.models.weights_file import read_tensors
from core.serving.importing.pickle_names import check_pickle, check_pickle_file

MOST_HEADER = 20_000_000  # bytes of safetensors' header
MOST_MEMBERS = 20_000  # of a zip that torch wrote: one a tensor
_ZIP = b"PK"
WRAPPINGS = ("state_dict", "model_state_dict", "model")  # what training scripts put a state dict under
PARALLEL = "module."  # what nn.DataParallel puts before each name
_BITS = {
    "BOOL": 8,
    **{f"{sign}{bits}": bits for sign in "IU" for bits in (8, 16, 32, 64)},
    **{"F16": 16, "BF16": 16, "F32": 32, "F64": 64},
}


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """The state dict in a file of safetensors, or in one that torch saved, on the CPU.

    Raises:
        ModelFileError: the file is damaged, claims more than it has, holds code or numbers that are none.
    """
    with path.open("rb") as file:
        head = file.read(9)
    if head[8:] == b"{":
        _check_header(path)
    elif head.startswith(_ZIP):
        _check_archive(path)
    else:
        check_pickle_file(path)
    state = _unwrapped(read_tensors(path))
    _check_numbers(state)
    return state


def _check_header(path: Path) -> None:
    """Each tensor of a safetensors file lies within it, in its own place, as large as its shape says.

    Format: https://github.com/huggingface/safetensors, "Format".
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(MOST_HEADER, size - 8):
            raise _lies(
                f"a header of at most {min(MOST_HEADER, size - 8):,} bytes", f"one of {length:,} bytes"
            )
        try:
            header = json.loads(file.read(length))
            tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
            places = sorted((*entry["data_offsets"], name) for name, entry in tensors.items())
            needed = {name: _bytes_of(entry) for name, entry in tensors.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
            raise _lies(
                "a header that describes each tensor", f"{type(damage).__name__}: {damage}"
            ) from damage
    end = 0
    for first, last, name in places:
        if last - first != needed[name]:
            raise _lies(
                f"{needed[name]:,} bytes of {name[:60]}, as its shape says", f"{last - first:,} bytes"
            )
        if first != end:
            raise _lies("tensors that lie one behind the other", f"{name[:60]} at {first:,}, not at {end:,}")
        end = last
    if 8 + length + end != size:
        raise _lies(f"{8 + length + end:,} bytes, as the header says", f"{size:,}")


def _bytes_of(entry: Mapping[str, Any]) -> int:
    """What a tensor of that type and shape takes."""
    if any(type(side) is not int or side < 0 for side in entry["shape"]):
        raise ValueError(f"a shape of {entry['shape']}"[:80])
    return prod(entry["shape"]) * _BITS[entry["dtype"]] // 8


def _check_archive(path: Path) -> None:
    """Every pickle in a zip that torch wrote makes tensors only."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(directory_checked(file)) as archive:
            names = Counter(archive.namelist())
            if len(names) > MOST_MEMBERS:
                raise _lies(f"at most {MOST_MEMBERS:,} entries", f"{len(names):,}")
            if twice := [name for name, number in names.items() if number > 1]:
                raise _lies("each entry once", f"{twice[0][:80]!r} twice, of which others may read the other")
            for name in names:
                if name.endswith(".pkl"):
                    with archive.open(name) as member:
                        check_pickle(member, f"{name} in the file")  # type: ignore[arg-type]
    except ModelFileError:
        raise
    except Exception as damage:  # zipfile raises many kinds on damaged files
        raise _lies("a whole zip, as torch.save writes it", f"{type(damage).__name__}: {damage}") from damage


def _unwrapped(state: dict[str, Any]) -> dict[str, Any]:
    """The state dict itself: what training scripts wrap around it is left out."""
    for name in WRAPPINGS:
        inner = state.get(name)
        if isinstance(inner, Mapping) and all(isinstance(key, str) for key in inner):
            state = dict(inner)
    if state and all(key.startswith(PARALLEL) for key in state):
        return {key.removeprefix(PARALLEL): value for key, value in state.items()}
    return state


def _check_numbers(state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and value.layout is torch.strided and value.is_floating_point():
            broken = int((~torch.isfinite(value)).sum())
            if broken:
                raise ModelFileError(
                    f"The tensor {name[:60]} holds values that are no numbers.",
                    expected="finite numbers",
                    found=f"{broken:,} of {value.numel():,} are infinite or NaN",
                    fix="Give the weights of an earlier epoch: the training may have diverged.",
                )


def _lies(expected: str, found: str) -> ModelFileError:
    return ModelFileError(
        "The file is not what it claims to be: it is damaged, or was made to deceive.",
        expected=expected,
        found=found[:160],
        fix="Save the weights again, or get the file again from where it comes.",
    )
