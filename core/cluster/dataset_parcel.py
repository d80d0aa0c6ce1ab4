"""A data set on its way to a node: packed into parts, and put down there once. Loads Ray."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import ray

from core.data.dataset import PICTURES
from core.errors import DatasetError
from core.workspace import Workspace

PART = 32 << 20  # bytes, after which another part begins
POLL = 0.2  # seconds
LEFT_OUT = {"decoded.raw"}  # a cache


def pack(folder: Path) -> Iterator[dict[str, bytes]]:
    """The files of the data set in `folder`, by their path in it, some at a time; a folder in it may be a
    link to another disk."""
    part: dict[str, bytes] = {}
    size = 0
    walk = os.walk(folder, followlinks=True)
    for path in sorted(Path(here, name) for here, _, names in walk for name in names):
        if path.name.startswith(".") or path.name in LEFT_OUT:
            continue
        content = path.read_bytes()
        part[path.relative_to(folder).as_posix()] = content
        size += len(content)
        if size >= PART:
            yield part
            part, size = {}, 0
    if part:
        yield part


def fetch(workspace: Workspace, dataset_id: str, wanted: str, mailbox: Any) -> None:
    """Have the data set with the hash `wanted` in `workspace`: it is brought once, whoever asks.

    Raises:
        DatasetError: what was brought isn't that.
    """
    workspace.caches.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(workspace.caches / f"fetch-{dataset_id}.lock"):
        if has(workspace, dataset_id, wanted):
            return
        place = workspace.datasets / dataset_id
        incoming = place.with_name(f".incoming-{dataset_id}")
        for stale in (incoming, place):
            shutil.rmtree(stale, ignore_errors=True)
        for part in _parts(mailbox):
            for name, content in part.items():
                (incoming / name).parent.mkdir(parents=True, exist_ok=True)
                (incoming / name).write_bytes(content)
        incoming.rename(place)
        if not has(workspace, dataset_id, wanted):
            raise DatasetError(
                f"The data set came to this node as something else: {dataset_id}.",
                expected=f"the hash {wanted[:12]}…",
                found="another one",
                fix="It was changed or damaged meanwhile. Start the run again.",
            )


def has(workspace: Workspace, dataset_id: str, wanted: str) -> bool:
    """Whether the data set lies in `workspace` with that hash."""
    return hash_of(workspace.datasets / dataset_id) == wanted


def hash_of(folder: Path) -> str:
    """SHA-256 of what says which pictures, by their own SHA-256, have which labels, in which order; empty
    where there is no data set."""
    try:
        return hashlib.sha256((folder / PICTURES).read_bytes()).hexdigest()
    except OSError:
        return ""


def _parts(mailbox: Any) -> Iterator[dict[str, bytes]]:
    while (references := ray.get(mailbox.parcel.remote())) is None:
        time.sleep(POLL)
    for reference in references:
        yield ray.get(reference)
