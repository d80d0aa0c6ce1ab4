"""Device slots: one run at a time on each device, the next one waits its turn."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from core.runs.store import Run, RunState, list_runs

POLL_EVERY = 0.5  # seconds


@contextlib.contextmanager
def device_slot(
    run: Run, devices: tuple[str, ...], locks: Path, *, on_wait: Callable[[int], None]
) -> Iterator[str]:
    """Wait for a free device of `devices` and hold it; yields its name.

    First come, first served among the live runs beside this one. The lock is the operating system's,
    so a holder that dies frees its slot. `on_wait(ahead)` is called at each poll with the number of
    runs before this one; it may raise `Cancelled` to leave the queue.
    """
    locks.mkdir(parents=True, exist_ok=True)
    while True:
        ahead = _queued_before(run)
        if ahead == 0:
            for device in devices:
                lock = filelock.FileLock(locks / f"{device.replace(':', '-')}.lock")
                try:
                    lock.acquire(blocking=False)
                except filelock.Timeout:
                    continue
                try:
                    yield device
                finally:
                    lock.release()
                return
        on_wait(ahead)
        time.sleep(POLL_EVERY)


def _queued_before(run: Run) -> int:
    mine = (run.written_status().queued, run.id)
    others = (other for other in list_runs(run.folder.parent) if other.id != run.id)
    return sum(place < mine for other in others if (place := _place_in_queue(other)) is not None)


def _place_in_queue(run: Run) -> tuple[float, str] | None:
    try:
        status = run.status()
    except Exception:  # a run that is being deleted, or a damaged one, keeps nobody waiting
        return None
    return (status.queued, run.id) if status.state is RunState.QUEUED else None
