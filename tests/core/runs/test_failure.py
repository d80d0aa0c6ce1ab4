import contextlib
import errno
import re
from pathlib import Path

import pytest
import torch

from core.errors import DatasetError, WorkbenchError
from core.runs.failure import explain_failure


@pytest.mark.parametrize(
    ("error", "words", "fix"),
    [
        (MemoryError(), "out of memory", "smaller batch"),
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            "out of memory",
            "smaller batch",
        ),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "out of memory",
            "fewer filters",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full", "Free some space"),
        (FileNotFoundError(errno.ENOENT, "No such file", "cat.png"), r"gone: cat\.png", "new run"),
        (
            PermissionError(errno.EACCES, "Permission denied", "best.pt"),
            r"may not be used: best\.pt",
            "right",
        ),
        (
            DatasetError("It rotted.", found="dust", fix="Import again."),
            r"It rotted\. Found: dust\.$",
            "Import again",
        ),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero", "log"),
    ],
)
def test_a_cause_has_a_sentence_and_a_way_out(error: Exception, words: str, fix: str) -> None:
    failure = explain_failure(error)
    assert re.search(words, failure.message)
    assert fix in failure.fix


def test_real_memory_exhaustion_is_recognized() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert "out of memory" in explain_failure(caught.value).message


def test_a_full_disk_is_recognized_behind_torchs_own_error() -> None:
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - closing it fails as well
    with pytest.raises(RuntimeError) as caught:
        torch.save({"weights": torch.zeros(100_000)}, full)
    with contextlib.suppress(OSError):
        full.close()
    assert "disk is full" in explain_failure(caught.value).message


def test_a_cause_that_is_a_sentence_gets_one_full_stop() -> None:
    error = WorkbenchError("It failed.", expected="a picture.", found="It is cut.", fix="Mend it.")
    assert str(error) == "It failed. Expected: a picture. Found: It is cut. Mend it."
