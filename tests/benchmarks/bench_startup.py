"""Start-up, side by side with a Streamlit app of one line: python -m tests.benchmarks.bench_startup [ROUNDS].

"Serves" is the time from starting the process to its first answer, "visit" that from a browser's request to a
page that is drawn and whose script has ended: the first on a fresh server, and later ones.
"""

import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.journeys.browser import chromium, new_page, visit
from tests.journeys.server import PROJECT, serve

BARE = "import streamlit as st\nst.write('ready')\n"
LATER_VISITS = 3


@dataclass(frozen=True)
class Startup:
    """Seconds."""

    serves: float
    first_visit: float
    later_visit: float


def measure(browser: Browser, script: Path, home: Path, shows: str) -> Startup:
    begun = time.perf_counter()
    with serve(home, script) as server:
        with urllib.request.urlopen(server.url, timeout=10) as answer:
            answer.read()
        serves = time.perf_counter() - begun
        first, *later = [timed_visit(browser, server.url, shows) for _ in range(1 + LATER_VISITS)]
    return Startup(serves, first, statistics.median(later))


def timed_visit(browser: Browser, url: str, shows: str) -> float:
    with new_page(browser) as page:
        begun = time.perf_counter()
        visit(page, url)
        page.get_by_text(shows, exact=True).first.wait_for()
        return time.perf_counter() - begun


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        apps = {"bare app": (bare, "ready"), "workbench": (PROJECT / "app.py", "Bring pictures")}
        figures: dict[str, list[Startup]] = {name: [] for name in apps}
        for turn in range(rounds):
            for name, (script, shows) in apps.items():
                figures[name].append(measure(browser, script, Path(folder) / f"{name}-{turn}", shows))
    report(figures)


def report(figures: dict[str, list[Startup]]) -> None:
    print(f"{'median seconds':<16}{'serves':>10}{'first visit':>14}{'later visit':>14}")
    medians = {}
    for name, runs in figures.items():
        medians[name] = [median(runs, lambda s: s.serves), median(runs, lambda s: s.first_visit)]
        medians[name].append(median(runs, lambda s: s.later_visit))
        serves, first, later = medians[name]
        print(f"{name:<16}{serves:>10.2f}{first:>14.2f}{later:>14.2f}")
    ratios = [ours / theirs for theirs, ours in zip(*medians.values(), strict=True)]
    print(f"{'ratio':<16}{ratios[0]:>10.2f}{ratios[1]:>14.2f}{ratios[2]:>14.2f}")


def median(runs: list[Startup], of: Callable[[Startup], float]) -> float:
    return statistics.median(of(run) for run in runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
