"""One process at a time: the others wait, and may be told to stop waiting."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.data.parallel import StopCheck
from core.errors import Cancelled

LOOK = 0.5  # seconds


@contextmanager
def alone(lock_file: Path, should_stop: StopCheck) -> Iterator[None]:
    """Hold `lock_file`; a holder that dies lets go of it.

    Raises:
        Cancelled: `should_stop` said so while another process held it.
    """
    lock = FileLock(lock_file)
    while True:
        try:
            lock.acquire(timeout=LOOK)
            break
        except Timeout:
            if should_stop():
                raise Cancelled from None
    try:
        yield
    finally:
        lock.release()
