import threading
from pathlib import Path

import pytest

from core.data.alone import alone
from core.errors import Cancelled


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    lock, order = tmp_path / "lock", []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with alone(lock, lambda: False):
            order.append("second")

    thread = threading.Thread(target=second)
    with alone(lock, lambda: False):
        thread.start()
        waiting.wait(5)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_whoever_waits_may_be_told_to_stop(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with alone(lock, lambda: False), pytest.raises(Cancelled), alone(lock, lambda: True):
        pytest.fail("two at once")
    with alone(lock, lambda: True):  # it is free again
        pass
