"""Device slots: one run at a time on each device, the next one waits its turn.

A processor has a slot for each core. A run takes them all, but for a trial that works with fewer threads.
"""

import contextlib
import os
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

    First come, first served among the live runs beside this one. The locks are the operating system's,
    so a holder that dies frees its slot. `on_wait(ahead)` is called at each poll with the number of
    runs before this one; it may raise `Cancelled` to leave the queue.
    """
    locks.mkdir(parents=True, exist_ok=True)
    while True:
        ahead = _queued_before(run)
        if ahead == 0:
            for device in devices:
                if held := _take(*_slots(run, device), locks):
                    try:
                        yield device
                    finally:
                        _release(held)
                    return
        on_wait(ahead)
        time.sleep(POLL_EVERY)


def _slots(run: Run, device: str) -> tuple[list[str], int]:
    """The names of all slots of `device`, and how many of them `run` needs."""
    if device != "cpu":
        return [device.replace(":", "-")], 1
    cores = os.cpu_count() or 1
    trial = run.trial_of()
    threads = trial.threads if trial and trial.threads else cores
    return [f"cpu-{core}" for core in range(cores)], min(threads, cores)


def _take(names: list[str], needed: int, locks: Path) -> list[filelock.FileLock]:
    """`needed` of the slots, locked; none where fewer are free."""
    held: list[filelock.FileLock] = []
    for name in names:
        lock = filelock.FileLock(locks / f"{name}.lock")
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(blocking=False)
            held.append(lock)
        if len(held) == needed:
            return held
    _release(held)
    return []


def _release(held: list[filelock.FileLock]) -> None:
    for lock in held:
        lock.release()


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
