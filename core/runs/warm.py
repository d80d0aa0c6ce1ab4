"""Workers that are there at once: a process that has loaded PyTorch forks one of itself for each run.

Loading takes some two seconds of a processor, and memory that forks share. A fork is safe where this process
has used neither a GPU nor a thread of PyTorch: so on Linux, on a machine without a GPU. Elsewhere, and until
the process is ready, a worker is a new interpreter.

The process ends with the one that has started it; the workers don't.
"""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

READY = b"ready\n"
ANSWER_WITHIN = 5.0  # seconds
PROJECT = Path(__file__).resolve().parents[2]

_lock = threading.Lock()
_process: subprocess.Popen | None = None
_is_ready = False


def warm_up(environment: dict[str, str]) -> None:
    """Start the process, unless there is one or a fork isn't safe; it loads beside whatever is done here."""
    global _process, _is_ready
    from core.training.device import visible_devices

    if sys.platform != "linux" or visible_devices()[0].name != "cpu":
        return
    with _lock:
        if _process is not None and _process.poll() is None:
            return
        _is_ready = False
        with suppress(OSError):
            _process = subprocess.Popen(
                [sys.executable, "-m", "core.runs.warm"],
                cwd=PROJECT,
                env={**environment, "PYTHONUTF8": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            atexit.register(cool_down)


def is_ready() -> bool:
    """Whether a worker would start at once."""
    with _lock:
        return _process is not None and _has_loaded(_process)


def cool_down() -> None:
    """End the process, also one that still loads; workers stay."""
    global _process
    with _lock:
        if _process is not None:
            _process.kill()
            _process.communicate()
            _process = None


def fork_worker(folder: Path, log: Path, environment: dict[str, str]) -> int | None:
    """The PID of a new worker for the run in `folder`; None where it has to be a new interpreter."""
    with _lock:
        if _process is None or not _has_loaded(_process):
            return None
        order = {"folder": str(folder), "log": str(log), "environment": environment}
        try:
            assert _process.stdin is not None
            _process.stdin.write(json.dumps(order).encode() + b"\n")
            _process.stdin.flush()
            return int(_answer(_process))
        except (OSError, ValueError):
            _process.kill()
            return None


def _has_loaded(process: subprocess.Popen) -> bool:
    global _is_ready
    if process.poll() is not None:
        return False
    if not _is_ready:
        with suppress(TimeoutError):
            _is_ready = _answer(process, within=0) == READY
    return _is_ready


def _answer(process: subprocess.Popen, within: float = ANSWER_WITHIN) -> bytes:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], within)[0]:
        raise TimeoutError
    return process.stdout.readline()


def main() -> NoReturn:
    """Load, and fork a worker for each line that comes."""
    gc.disable()  # a collection would look through hundreds of thousands of objects that all stay
    import core.runs.worker
    import core.training.cnn_run
    import core.training.event_files  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers
    gc.freeze()  # or the first collection in a worker would touch, and so copy, all that is shared
    gc.enable()
    os.write(1, READY)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be_worker(order)
        os.write(1, b"%d\n" % pid)
    sys.exit()


def _be_worker(order: dict[str, Any]) -> NoReturn:
    from core.runs.worker import run_worker

    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
        os.environ.clear()
        os.environ.update(order["environment"])
        _take_threads(os.environ.get("OMP_NUM_THREADS", ""))
        status = run_worker(order["folder"])
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _take_threads(count: str) -> None:
    """What a new interpreter does as it loads its libraries."""
    import torch
    from threadpoolctl import threadpool_limits

    if count.isdecimal():
        threadpool_limits(int(count))
        torch.set_num_threads(int(count))


if __name__ == "__main__":
    main()
