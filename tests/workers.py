"""The processes that a test has started."""

import json
import os
from contextlib import suppress
from pathlib import Path

import psutil

from core.processes import is_running

JOBS = ("studies/*", "runs/*", "cross-validations/*", "predictions/*", "caches/*/*", "runs/*/*/*")


def end_workers(root: Path) -> None:
    """Kill the workers of all jobs in the workspace `root`; studies first, for they start others."""
    for pattern in JOBS:
        for launched in root.glob(f"{pattern}/launch.json"):
            with suppress(OSError, ValueError, KeyError, psutil.Error):
                worker = json.loads(launched.read_text(encoding="utf-8"))
                if worker["pid"] != os.getpid() and is_running(worker["pid"], worker["process_started"]):
                    _kill(psutil.Process(worker["pid"]))


def _kill(worker: psutil.Process) -> None:
    for process in (worker, *worker.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
            process.wait(5)
