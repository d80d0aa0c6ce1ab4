"""What kind of trouble an exception is: no memory left, no disk left. No torch."""

import errno

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory")


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
        isinstance(error, RuntimeError) and any(said in words for said in _NO_MEMORY_WORDS)
    )
