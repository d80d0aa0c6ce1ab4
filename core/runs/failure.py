"""An exception that ended a run, as a sentence with the cause and what to do."""

import errno
from dataclasses import dataclass

from core.errors import WorkbenchError

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Failure:
    message: str
    fix: str


def explain_failure(error: BaseException) -> Failure:
    """The cause of `error` in a sentence, and the way out."""
    if isinstance(error, WorkbenchError):
        return Failure(str(error).removesuffix(error.fix).strip(), error.fix)
    if is_out_of_memory(error):
        return Failure(
            "The device ran out of memory.",
            "Choose a smaller batch, smaller pictures or fewer filters, or close other programs.",
        )
    if is_disk_full(error):
        return Failure(
            "The disk is full.", "Free some space, then go on from the last finished epoch; nothing is lost."
        )
    if isinstance(error, FileNotFoundError):
        return Failure(
            f"A file is gone: {error.filename}.", "It was deleted while the run was at work. Start a new run."
        )
    if isinstance(error, PermissionError):
        return Failure(f"A file may not be used: {error.filename}.", "Give this user the right to it.")
    return Failure(
        f"An unexpected error ended the run: {type(error).__name__}: {error}",
        "The log below has the details; please report them.",
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether a write that found no room is behind `error`: torch wraps it in an error of its own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _DISK_FULL:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is Python's or torch's way to say that there is no memory left (CPU, CUDA or MPS)."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and ("out of memory" in words or "not enough memory" in words or "can't allocate memory" in words)
    )
