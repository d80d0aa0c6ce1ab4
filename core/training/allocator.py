"""Memory that a step has freed stays with the process, for the next step to take it again."""

import ctypes
import ctypes.util
import sys

# Options of glibc's mallopt, from malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_NEVER = 2**31 - 1  # bytes


def keep_freed_memory() -> bool:
    """Have glibc reuse freed memory instead of giving it back to the system; whether that was possible.

    By default each map of a network above 32 MB is mapped afresh at every step, and the system has to
    clear its pages: a third of the time of a step on 128-pixel pictures.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    options = ((_M_MMAP_THRESHOLD, 1 << 30), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, 1 << 26))
    return all(mallopt(option, size) for option, size in options)
