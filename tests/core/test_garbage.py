import gc
import sys
import types
import weakref
from collections.abc import Iterator

import pytest

from core.garbage import spare_loaded_modules


class Node:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def one_more_module() -> Iterator[None]:
    sys.modules["one_more_module"] = types.ModuleType("one_more_module")
    yield
    del sys.modules["one_more_module"]


def test_what_new_modules_hold_is_left_out_once(one_more_module: None) -> None:
    spare_loaded_modules()
    before = gc.get_freeze_count()
    kept = [Node() for _ in range(1000)]
    spare_loaded_modules()
    assert gc.get_freeze_count() <= before
    sys.modules["another_one"] = types.ModuleType("another_one")
    try:
        spare_loaded_modules()
    finally:
        del sys.modules["another_one"]
    assert gc.get_freeze_count() >= before + len(kept)


def test_garbage_is_collected_before_and_afterwards(one_more_module: None) -> None:
    early = weakref.ref(Node())
    spare_loaded_modules()
    assert early() is None
    late = weakref.ref(Node())
    gc.collect()
    assert late() is None
