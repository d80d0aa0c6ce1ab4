"""The folder that a data set is built in: it becomes the data set by one rename, or vanishes."""

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.errors import ImportRefused
from core.processes import is_running
from core.workspace import Workspace, read_json, write_json

DISK_RESERVE = 100_000_000  # bytes left free beside the pictures
OWNER = "owner.json"
_INCOMING = ".incoming-"
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ABANDONED_AFTER = 24 * 3600  # seconds


@contextmanager
def incoming(workspace: Workspace, dataset_id: str) -> Iterator[Path]:
    """A folder to build the data set in. It becomes the data set at the end; after any error it is gone.

    Raises:
        ImportRefused: the disk is full, or can't be written to.
    """
    folder = workspace.datasets / f"{_INCOMING}{dataset_id}"
    try:
        folder.mkdir(parents=True)
        me = psutil.Process()
        write_json(folder / OWNER, {"pid": me.pid, "started": me.create_time()})
        yield folder
        (folder / OWNER).unlink()
        folder.rename(workspace.datasets / dataset_id)
    except OSError as error:
        raise _write_failed(workspace, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(workspace: Workspace) -> None:
    """Delete what imports and deletions that died half-way left behind."""
    for folder in workspace.datasets.glob(".deleted-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in workspace.datasets.glob(f"{_INCOMING}*"):
        if not _owner_lives(folder):
            shutil.rmtree(folder, ignore_errors=True)


def check_room(folder: Path, needed: int) -> None:
    """ImportRefused if `needed` bytes don't fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if needed + DISK_RESERVE > free:
        raise ImportRefused(
            "The disk has no room for these pictures.",
            expected=f"{(needed + DISK_RESERVE) / 1e6:,.0f} MB free",
            found=f"{free / 1e6:,.0f} MB",
            fix="Free some space, or set WORKBENCH_HOME to a larger disk.",
        )


def _write_failed(workspace: Workspace, error: OSError) -> ImportRefused:
    if error.errno in _DISK_FULL:
        return ImportRefused(
            "The disk is full; nothing was imported.",
            found=f"{shutil.disk_usage(workspace.root).free / 1e6:,.0f} MB free",
            fix="Free some space, or set WORKBENCH_HOME to a larger disk.",
        )
    return ImportRefused(
        "The workspace can't be written to; nothing was imported.",
        found=error.strerror or type(error).__name__,
        fix=f"Check that you may write to {workspace.root}.",
    )


def _owner_lives(folder: Path) -> bool:
    try:
        owner = read_json(folder / OWNER)
        return is_running(owner["pid"], owner["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return _is_recent(folder)


def _is_recent(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime < _ABANDONED_AFTER
    except OSError:
        return False
