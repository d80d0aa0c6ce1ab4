import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from core.training.prefetch import ahead


def soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    return condition()


def makers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "batches ahead"]


@pytest.mark.parametrize("count", [1, 3, 50])
def test_items_come_in_their_order(count: int) -> None:
    assert list(ahead(iter(range(20)), count)) == list(range(20))
    assert list(ahead(iter(()), count)) == []
    assert makers() == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_no_more_are_made_than_were_asked_for_and_so_many(count: int) -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(30):
            made.append(number)
            yield number

    with closing(ahead(items(), count)) as stream:
        for asked in range(1, 6):
            next(stream)
            assert soon(lambda: len(made) >= asked + count)  # noqa: B023
            time.sleep(0.02)
            assert len(made) == asked + count


def test_an_item_is_made_while_another_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    stream = ahead(items(), 1)
    assert next(stream) == 1
    assert made.wait(5)
    assert list(stream) == [2]


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third")

    stream = ahead(items(), 5)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(ValueError, match="the third"):
        next(stream)
    assert makers() == []
    with pytest.raises(StopIteration):
        next(stream)


@pytest.mark.parametrize("used", [1, 3])
def test_closing_it_early_ends_the_thread_at_once(used: int) -> None:
    stream = ahead(iter(range(1000)), 2)
    for _ in range(used):
        next(stream)
    assert len(makers()) == 1
    begun = time.monotonic()
    stream.close()
    assert makers() == []
    assert time.monotonic() - begun < 0.05


def test_closing_it_waits_for_the_item_that_is_being_made() -> None:
    finished: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            time.sleep(0.02)
            finished.append(number)
            yield number

    stream = ahead(items(), 1)
    next(stream)
    stream.close()
    done = len(finished)
    time.sleep(0.1)
    assert len(finished) == done < 10
