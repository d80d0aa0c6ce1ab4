"""Real errors of Python and PyTorch, sorted by what is behind them."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.faults import is_disk_full, is_out_of_memory


def raised_by(work: Callable[[], object]) -> BaseException:
    try:
        work()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


class FullDisk(io.RawIOBase):
    """Takes no byte."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_no_memory_is_told_by_python_and_by_torch() -> None:
    assert is_out_of_memory(raised_by(lambda: bytearray(2**62)))
    assert is_out_of_memory(raised_by(lambda: torch.empty(10**15)))
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 18.0 GB)"))


def test_other_errors_are_not_taken_for_full_memory() -> None:
    assert not is_out_of_memory(raised_by(lambda: torch.zeros(2, 3) @ torch.zeros(2, 3)))
    assert not is_out_of_memory(ValueError("out of memory"))
    assert not is_out_of_memory(OSError(errno.ENOSPC, "No space left on device"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_really_is_full_is_told() -> None:
    assert is_disk_full(raised_by(lambda: Path("/dev/full").write_text("x")))


def test_a_full_disk_is_found_behind_the_error_of_a_library() -> None:
    saving = raised_by(lambda: torch.save({"w": torch.zeros(100_000)}, FullDisk()))
    assert is_disk_full(saving)

    def wrap() -> None:
        try:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        except OSError as full:
            raise RuntimeError("unexpected pos 64 vs 0") from full

    assert is_disk_full(raised_by(wrap))


def test_other_errors_are_not_taken_for_a_full_disk() -> None:
    assert not is_disk_full(raised_by(lambda: Path("/no/such/folder/file").write_text("x")))
    assert not is_disk_full(RuntimeError("No space left on device"))
