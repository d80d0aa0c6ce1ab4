"""Which process a PID means: PIDs are used again, together with a start time they are not."""

import sys
from contextlib import suppress
from pathlib import Path

import psutil

START_TIME_TOLERANCE = 2.0  # seconds: clocks are corrected while a process runs


def start_time(pid: int) -> float | None:
    """When the process `pid` started, in seconds since 1970; None if there is none, or it is a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_running(pid: int, started: float) -> bool:
    """Whether the process `pid` that started at `started` still runs."""
    found = start_time(pid)
    return found is not None and abs(found - started) < START_TIME_TOLERANCE


def peak_memory() -> int | None:
    """The most bytes that this process has held at once; None where the system doesn't say.

    Linux's `ru_maxrss` also counts what the process was before it became this program, so it isn't used.
    """
    if sys.platform == "linux":
        with suppress(OSError, ValueError, StopIteration):
            lines = Path("/proc/self/status").read_text().splitlines()
            return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
        return None
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return getattr(psutil.Process().memory_info(), "peak_wset", None)
