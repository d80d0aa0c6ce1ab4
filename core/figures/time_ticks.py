"""Where a logarithmic axis of time is marked: at round milliseconds, seconds, minutes and hours."""

MANY = 7
_UNITS = {1e-3: (1, 2, 5, 10, 20, 50, 100, 200, 500), 1.0: (1, 2, 5, 10, 20), 60.0: (1, 2, 5, 10, 20)}
_HOURS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
FINE = [unit * number for unit, numbers in {**_UNITS, 3600.0: _HOURS}.items() for number in numbers]
COARSE = [1e-3, 1e-2, 1e-1, 1.0, 10.0, 60.0, 600.0, 3600.0, 36_000.0, 360_000.0, 3_600_000.0]


def time_ticks(low: float, high: float) -> list[float]:
    """Seconds from `low` to `high`: every 1, 2, 5, 10 ... of a unit, or only 1 and 10 if those are many."""
    fine = [tick for tick in FINE if low <= tick <= high]
    return fine if len(fine) <= MANY else [tick for tick in COARSE if low <= tick <= high]
