"""Which process a PID means: PIDs are used again, together with a start time they are not."""

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
