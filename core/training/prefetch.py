"""Items made ahead of time in a thread of their own."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_LOOK_EVERY = 0.1  # seconds between two looks whether anybody still wants the items


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterator[Item], count: int) -> Generator[Item, None, None]:
    """`items`, up to `count` of them made before they are asked for.

    An error in their making is raised where the item would have come. Close the generator to end the
    thread before the last item.
    """
    made: queue.Queue[Item | _End] = queue.Queue(count)
    unwanted = threading.Event()

    def put(item: Item | _End) -> bool:
        while not unwanted.is_set():
            try:
                made.put(item, timeout=_LOOK_EVERY)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            put(_End(error))
        else:
            put(_End(None))

    maker = threading.Thread(target=make, daemon=True, name="batches ahead")
    maker.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        maker.join()
