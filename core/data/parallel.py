"""Work on many files at once, in order, without holding them all; and progress that doesn't flood."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.errors import Cancelled

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int, str], None]  # done, total, what
StopCheck = Callable[[], bool]


def never() -> bool:
    """The `StopCheck` of work that nobody can stop."""
    return False


_SECONDS_BETWEEN_REPORTS = 0.2


def in_threads(
    work: Callable[[Item], Result], items: Iterable[Item], *, should_stop: StopCheck
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with its result, in the order of `items`; a few items a thread are under way at a time.

    Use it under `contextlib.closing`: then no thread is at work any more when the loop was left by an error.
    Threads suffice because Pillow, zlib and hashlib let go of the interpreter lock while they work.

    Raises:
        Cancelled: `should_stop` said so; what had begun is finished first.
    """
    threads = max(2, min(16, os.cpu_count() or 2))
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="pictures") as pool:
        try:
            for item in items:
                if should_stop():
                    raise Cancelled
                under_way.append((item, pool.submit(work, item)))
                if len(under_way) >= 4 * threads:
                    first, future = under_way.popleft()
                    yield first, future.result()
            while under_way:
                if should_stop():
                    raise Cancelled
                first, future = under_way.popleft()
                yield first, future.result()
        finally:
            for _, future in under_way:
                future.cancel()


def unhurried(report: Progress) -> Progress:
    """`report`, called at most five times a second, and always for the first and the last item."""
    last = 0.0

    def maybe_report(done: int, total: int, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if done in (0, total) or now - last >= _SECONDS_BETWEEN_REPORTS:
            last = now
            report(done, total, what)

    return maybe_report
