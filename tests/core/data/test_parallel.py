import threading
import time
from collections.abc import Iterator

import pytest

from core.data.parallel import in_threads, unhurried
from core.errors import Cancelled


def test_results_come_in_order() -> None:
    def slow_if_even(n: int) -> int:
        time.sleep(0.002 * (n % 2 == 0))
        return n * n

    assert list(in_threads(slow_if_even, range(100), should_stop=lambda: False)) == [
        (n, n * n) for n in range(100)
    ]


def test_items_are_taken_only_as_they_are_needed() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for n in range(10_000):
            taken += 1
            yield n

    results = in_threads(lambda n: n, items(), should_stop=lambda: False)
    for _ in range(10):
        next(results)
    assert taken < 200
    results.close()


def test_an_error_reaches_the_caller_and_ends_the_work() -> None:
    done: list[int] = []

    def fails_at_5(n: int) -> None:
        if n == 5:
            raise OSError("no disk")
        done.append(n)

    with pytest.raises(OSError, match="no disk"):
        list(in_threads(fails_at_5, range(10_000), should_stop=lambda: False))
    assert len(done) < 300


def test_stopping() -> None:
    stop = threading.Event()
    results = in_threads(lambda n: n, range(10_000), should_stop=stop.is_set)
    assert next(results) == (0, 0)
    stop.set()
    with pytest.raises(Cancelled):
        next(results)


def test_reports_are_few_but_the_first_and_last_come() -> None:
    reports: list[int] = []
    report = unhurried(lambda done, total, what: reports.append(done))
    for done in range(10_001):
        report(done, 10_000, "Counting")
    assert (reports[0], reports[-1]) == (0, 10_000)
    assert len(reports) < 20
