import gc
import sys
import types
import weakref

import pytest

from core import garbage
from core.garbage import spare_loaded_modules


class Node:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def nothing_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_most", 0)


def test_what_modules_hold_is_left_out_when_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    spare_loaded_modules()
    before = gc.get_freeze_count()
    kept = [Node() for _ in range(1000)]
    spare_loaded_modules()
    assert gc.get_freeze_count() <= before
    monkeypatch.setitem(sys.modules, "one_more", types.ModuleType("one_more"))
    spare_loaded_modules()
    assert gc.get_freeze_count() >= before + len(kept)


def test_garbage_is_collected_before_and_afterwards() -> None:
    early = weakref.ref(Node())
    spare_loaded_modules()
    assert early() is None
    late = weakref.ref(Node())
    gc.collect()
    assert late() is None
