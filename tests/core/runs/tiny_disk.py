"""A disk of a few megabytes, that can really be full."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = 4096


@contextlib.contextmanager
def tiny_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own at `folder`; the test is skipped where none may be mounted."""
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None or os.geteuid() != 0:
        pytest.skip("needs to mount a file system")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no file system may be mounted: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Take all the room of the disk of `folder`, and all that becomes free there, until the end."""
    filler, enough = folder / ".filler", threading.Event()
    full = threading.Event()

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            while not enough.is_set():
                try:
                    file.write(bytes(PAGE))
                except OSError:
                    full.set()
                    enough.wait(0.0001)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        assert full.wait(20)
        yield
    finally:
        enough.set()
        thread.join()
        filler.unlink()
