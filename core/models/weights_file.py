"""The trained weights of a backbone in a file: read without executing anything in it, held against the model,
and kept where they fit."""

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.errors import ModelFileError
from core.layers.shapes import Shape, shape_text
from core.models.efficientnet_lite import EfficientNetLite0, renamed
from core.models.registry_build import CHANNELS, build_on_meta
from core.models.weights import (
    BLOCK,
    LITE0,
    MIB,
    MOST_TIMES,
    kept_file,
    not_stored,
    partial_beside,
    published_weights,
    remove_leftovers,
)
from core.workspace import Workspace, put_in_place

_ZIP, _BRACE = b"PK\x03\x04", b"{"
MOST_NAMED = 3  # tensors that don't fit
THIS_VERY_MODEL = "Give the weights of this very model, with all classes of ImageNet."
_COUNTER = "num_batches_tracked"  # of batch normalization; weights from before 2018 have none

# What training leaves in the file of GoogLeNet; core.models.registry_build leaves it out.
_ONLY_IN_TRAINING = {"googlenet": ("aux1.", "aux2.")}
# Names that torch allowed when DenseNet's weights were published.
_OLD_DENSE = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\..*)", re.S)


def keep_weights_file(workspace: Workspace, name: str, source: Path | BinaryIO) -> Path:
    """Keep the weights of a backbone that the user has, as safetensors, once each tensor is known to fit.

    `source` is safetensors, or a state dict that torch saved.

    Raises:
        ConfigError: no backbone has this name.
        ModelFileError: the file is damaged, holds anything but tensors, or those of another model.
        WorkbenchError: the disk is full.
    """
    model = model_on_meta(name)
    place = kept_file(workspace, name)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place)
        with partial_beside(place) as copied, partial_beside(place) as checked:
            path = source if isinstance(source, Path) else _copied(source, copied, most_bytes(model))
            check_file(path, most_bytes(model))
            tensors = fitted(name, model, read_tensors(path))
            save_file({key: value.clone() for key, value in tensors.items()}, checked)  # none shares memory
            with checked.open("r+b") as file:
                os.fsync(file.fileno())
            put_in_place(checked, place)
    except (OSError, SafetensorError) as failure:
        raise not_stored(failure) from failure
    return place


def model_on_meta(name: str) -> nn.Module:
    """The backbone without values, in eval mode, as its trained weights fill it.

    Raises:
        ConfigError: no backbone has this name.
    """
    if name == LITE0:
        with torch.device("meta"):
            return EfficientNetLite0().eval()
    (side,) = published_weights(name).transforms().crop_size
    return as_trained(build_on_meta(name, (CHANNELS, side, side)))


def as_trained(model: nn.Module) -> nn.Module:
    """GoogLeNet and Inception were trained behind another normalization, which they bring along."""
    if hasattr(model, "transform_input"):
        model.transform_input = True  # type: ignore[assignment]
    return model


def read_tensors(path: Path) -> dict[str, Any]:
    """What a file holds, on the CPU: safetensors, or what torch saved, read under `weights_only=True`.

    Raises:
        ModelFileError: it is missing, cut short, or not made of tensors and plain types.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
        if head[8:] == _BRACE:  # after the length of the header
            return load_file(path, backend="pread")
        if head.startswith(_ZIP):
            _check_archive(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as failure:
        raise ModelFileError(
            f"The weights can't be read: {failure.strerror or failure}.",
            found=str(path),
            fix="Check that the file is there and may be read.",
        ) from failure
    except Exception as damage:
        raise _not_tensors(path) from damage
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise _not_tensors(path)
    return dict(state)


def fitted(
    name: str, model: nn.Module, state: Mapping[str, Any], *, fix: str = THIS_VERY_MODEL
) -> dict[str, torch.Tensor]:
    """`state` as a whole state dict of `model`, which is on the meta device: its names, shapes and types.

    `name` is that of the backbone that it is, and `fix` what to do where it doesn't fit.

    Raises:
        ModelFileError: tensors are missing, are of other shapes, or belong to no part of the model.
    """
    expected = model.state_dict()
    given = in_todays_names(name, state)
    counters = {key: torch.zeros_like(value, device="cpu") for key, value in expected.items() if _counts(key)}
    given = {**counters, **given}
    wrong = [
        key
        for key in dict.fromkeys((*expected, *given))
        if key not in expected or not _fits(given.get(key), expected[key])
    ]
    if wrong:
        raise _wrong_model(name, wrong, expected, given, fix)
    return {key: given[key].detach().to(value.dtype).contiguous() for key, value in expected.items()}


def _copied(source: BinaryIO, place: Path, most: int) -> Path:
    """`source` as a file; no more of it than shows that it is too large."""
    with place.open("wb") as file:
        for block in iter(lambda: source.read(BLOCK), b""):
            file.write(block)
            if file.tell() > most:
                break
    return place


def most_bytes(model: nn.Module) -> int:
    """How large a file with the weights of `model` may be."""
    return MOST_TIMES * sum(tensor.nbytes for tensor in model.state_dict().values()) + MIB


def check_file(path: Path, most: int) -> None:
    """Raises ModelFileError for a path that is no file, and for one of more than `most` bytes."""
    if not path.is_file():
        raise ModelFileError("There is no such file.", found=str(path), fix="Check the path.")
    if path.stat().st_size > most:
        raise ModelFileError(
            "The file is too large for the weights of this model.",
            expected=f"about {most // MOST_TIMES / 1e6:,.0f} MB",
            found=f"more than {most / 1e6:,.0f} MB",
            fix="Give the weights alone, without an optimizer's state.",
        )


def _check_archive(path: Path) -> None:
    """Raises BadZipFile unless all members are stored as they are, whole, and no larger than the file."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise zipfile.BadZipFile("compressed: torch never writes that")
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise zipfile.BadZipFile("claims more bytes than the file has")
        if (rotten := archive.testzip()) is not None:
            raise zipfile.BadZipFile(f"{rotten} doesn't match its checksum")


def _not_tensors(path: Path) -> ModelFileError:
    return ModelFileError(
        "The file can't be read as the weights of a model: it is damaged, or holds more than tensors.",
        expected="safetensors, or a state dict that torch.save wrote",
        found=f"a file of {path.stat().st_size:,} bytes",
        fix="Save model.state_dict() again, or download the file again.",
    )


def in_todays_names(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of the backbone `name` under the names of its modules, whenever they were published."""
    if name == LITE0:
        return renamed(state)
    if name.startswith("densenet"):
        return {_OLD_DENSE.sub(r"\1\2", key): value for key, value in state.items()}
    only_in_training = _ONLY_IN_TRAINING.get(name, ())
    return {key: value for key, value in state.items() if not key.startswith(only_in_training)}


def _counts(key: str) -> bool:
    return key.endswith(f".{_COUNTER}")


def _fits(value: Any, expected: torch.Tensor) -> bool:
    return (
        _is_plain(value)
        and value.shape == expected.shape
        and value.is_floating_point() == expected.is_floating_point()
    )


def _is_plain(value: Any) -> bool:
    return (
        type(value) in (torch.Tensor, nn.Parameter)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not (value.is_quantized or value.is_nested)
    )


def _wrong_model(
    name: str, wrong: list[str], expected: Mapping[str, torch.Tensor], given: Mapping[str, Any], fix: str
) -> ModelFileError:
    first = wrong[:MOST_NAMED]
    more = f", and {len(wrong) - len(first):,} more" if len(wrong) > len(first) else ""
    return ModelFileError(
        f"These are not the weights of {name}: {len(wrong):,} of its {len(expected):,} tensors don't fit.",
        expected=", ".join(_described(key, expected.get(key)) for key in first) + more,
        found=", ".join(_described(key, given.get(key)) for key in first) + more,
        fix=fix,
    )


def _described(key: str, value: Any) -> str:
    """ "fc.weight 1000 × 512"."""
    short = key if len(key) <= 60 else f"{key[:57]}..."
    if value is None:
        return f"no {short}"
    if not isinstance(value, torch.Tensor) or value.is_nested:
        return f"{short} that is no tensor"
    kind = "" if value.is_floating_point() else f" of {value.dtype}".replace("torch.", "")
    kind += "" if value.layout is torch.strided else ", sparse"
    shape: Shape = tuple(value.shape)
    return f"{short} {shape_text(shape) or 'one number'}{kind}"
