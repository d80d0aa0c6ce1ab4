"""How many threads scikit-learn takes: for small matrices one, as many would mostly wait for each other.

OpenBLAS's threads spin while they wait: beside other work, fitting 300 x 1,000 numbers takes forty times as
long with two as with one. With one, the last digits also come out the same each time.
"""

from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import threadpool_limits

SMALL = 20_000_000  # numbers


def calm(numbers: int) -> AbstractContextManager:
    """The context in which matrices of so many numbers are worked on."""
    return threadpool_limits(1) if numbers <= SMALL else nullcontext()
