"""A training beside other work: threads that spin while they wait (the default) against ours, that sleep.

python -m tests.benchmarks.bench_contention
"""

import os
import statistics
import subprocess
import sys
import time

from core.runs.launcher import CALM_THREADS

STEPS = 60
REPEATS = 5
TRAIN = f"""
import time, torch
from torch import nn
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8192, 10),
)
optimizer = torch.optim.Adam(model.parameters(), fused=True)
x, y = torch.randn(32, 1, 32, 32), torch.randint(10, (32,))
started = time.perf_counter()
for _ in range({STEPS}):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
print((time.perf_counter() - started) / {STEPS} * 1000)
"""


def milliseconds_a_step(settings: dict[str, str]) -> float:
    """The median of some runs, each in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in CALM_THREADS}
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", TRAIN], env={**clean, **settings}, capture_output=True
            ).stdout
        )
        for _ in range(REPEATS)
    ]
    return statistics.median(times)


def main() -> None:
    print(f"| {'other work':<20} | spinning, ms a step | sleeping, ms a step | ratio |")
    print("|---|---|---|---|")
    for busy in (0, os.cpu_count() or 1):
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
        time.sleep(0.5)
        try:
            spinning, sleeping = milliseconds_a_step({}), milliseconds_a_step(CALM_THREADS)
        finally:
            for other in others:
                other.kill()
        words = f"{busy} busy processes"
        print(f"| {words:<20} | {spinning:19.1f} | {sleeping:19.1f} | {spinning / sleeping:5.1f} |")


if __name__ == "__main__":
    main()
