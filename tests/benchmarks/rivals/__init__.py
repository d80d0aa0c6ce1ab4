"""Trainers that the workbench is measured against, each as its own documentation has a user write it.

Each is a process of its own, from Python's start to the accuracy on its last line:
python -m tests.benchmarks.rivals.NAME FOLDER --side 128 --epochs 5 --batch 32 --workers 2 --seed 0
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RIVALS = ("lecture", "skorch_", "fastai_", "lightning_", "keras_")

_PROJECT = Path(__file__).parents[3]
_TAIL = 2000  # characters of a failed process's errors


def run_rival(
    name: str,
    folder: Path,
    *,
    side: int,
    epochs: int,
    batch: int,
    workers: int,
    seed: int = 0,
    precision: str = "auto",
) -> tuple[float, dict]:
    """Seconds from the start of the rival's process to its end, and the accuracies that it printed.

    What it leaves behind for temporary use is removed after that.
    """
    figures = {"side": side, "epochs": epochs, "batch": batch, "workers": workers, "seed": seed}
    figures["precision"] = precision
    options = [word for key, value in figures.items() for word in (f"--{key}", str(value))]
    command = [sys.executable, "-m", f"{__name__}.{name}", str(Path(folder).resolve()), *options]
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "TMPDIR": scratch}
        start = time.perf_counter()
        process = subprocess.run(
            command, capture_output=True, text=True, cwd=_PROJECT, env=environment, check=False
        )
        seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with code {process.returncode}:\n{process.stderr[-_TAIL:]}")
    return seconds, json.loads(process.stdout.splitlines()[-1])
