"""From a folder of pictures to a trained CNN, against other trainers, everything included.

    pip install -r requirements-bench.txt
    python -m tests.benchmarks.bench_training [--only small|photos] [--rivals lecture ...]

Each contestant is a process of its own, from the start of Python to its last validation; each rival runs
with several numbers of loading processes, and its best one counts. The workbench runs before, between and
after them, and its median counts.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.runs.launcher import CALM_THREADS
from tests.benchmarks.pictures import write_photos, write_small_pngs
from tests.benchmarks.rivals import RIVALS, run_rival

SIDE, BATCH = 128, 32
WORKERS = {"lecture": (0, 1, 2)}  # loading processes that are tried
USUAL_WORKERS = (0, 2)
OURS = "workbench"


@dataclass(frozen=True)
class Case:
    name: str
    epochs: int
    write: Callable[[Path], None]
    rivals: tuple[str, ...]


CASES = {
    "small": Case("1,900 small PNGs, 5 epochs", 5, write_small_pngs, RIVALS),
    "photos": Case("500 JPEGs of 1600 x 1200, 10 epochs", 10, write_photos, RIVALS[:1]),
}


def measure(case: Case, folder: Path, rivals: Sequence[str]) -> None:
    def timed(name: str, workers: int = 0, precision: str = "auto") -> tuple[float, dict]:
        return run_rival(
            name, folder, side=SIDE, epochs=case.epochs, batch=BATCH, workers=workers, precision=precision
        )

    ours, plain = [timed(OURS)], [timed(OURS, precision="float32")]
    best = {}
    for rival in rivals:
        tries = []
        for workers in WORKERS.get(rival, USUAL_WORKERS):
            tries.append((*timed(rival, workers), workers))
            ours.append(timed(OURS))
        best[rival] = min(tries, key=lambda each: each[0])
    plain.append(timed(OURS, precision="float32"))
    seconds = statistics.median(took for took, _ in ours)
    print(f"\n{case.name}\n")
    print("| | seconds | against the workbench | loading processes | validation accuracy, best epoch |")
    print("|---|---|---|---|---|")
    spread = f"{seconds:.1f} ({min(ours)[0]:.1f} to {max(ours)[0]:.1f})"
    print(f"| workbench | {spread} | 1.0 | – | {ours[0][1]['best']:.1%} |")
    slower = statistics.median(took for took, _ in plain)
    print(f"| workbench, float32 | {slower:.1f} | {slower / seconds:.2f} | – | {plain[0][1]['best']:.1%} |")
    for rival, (took, result, workers) in best.items():
        print(
            f"| {rival.strip('_')} | {took:.1f} | {took / seconds:.2f} | {workers} | {result['best']:.1%} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--rivals", choices=RIVALS, nargs="*", help="none for the workbench alone")
    options = parser.parse_args()
    for name in CALM_THREADS:  # each contestant as its users start it; the workbench's launcher sets them
        os.environ.pop(name, None)
    for name, case in CASES.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                case.write(Path(folder))
                measure(case, Path(folder), case.rivals if options.rivals is None else options.rivals)


if __name__ == "__main__":
    main()
