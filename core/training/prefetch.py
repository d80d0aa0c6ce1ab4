"""Items made ahead of time in a thread of their own."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterator[Item], count: int) -> Generator[Item, None, None]:
    """`items`, up to `count` of them made before they are asked for.

    An error in their making is raised where the item would have come. Close the generator to end the
    thread before the last item.
    """
    made: queue.SimpleQueue[Item | _End] = queue.SimpleQueue()
    places = threading.Semaphore(count)
    unwanted = threading.Event()

    def make() -> None:
        try:
            while places.acquire() and not unwanted.is_set():
                made.put(next(items))
        except StopIteration:
            made.put(_End(None))
        except BaseException as error:
            made.put(_End(error))

    maker = threading.Thread(target=make, daemon=True, name="batches ahead")
    maker.start()
    try:
        while True:
            item = made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            places.release()
            yield item
    finally:
        unwanted.set()
        places.release()
        maker.join()
