"""What a node does with a run: all that a worker does, in this process, told as it goes. Loads Ray."""

import contextlib
import shutil
import socket
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ray

from core.cluster.dataset_parcel import fetch, has
from core.cluster.order import Order, put, travelling
from core.data.splitting import split_file
from core.runs.jobs import job_of_kind
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState, Status, list_runs
from core.runs.worker import carry_through
from core.workspace import Workspace, open_workspace

TELL_EVERY = 0.5  # seconds
YOUNG = 60.0  # seconds: a folder that is still being filled
FOLDER = "cluster"  # in the node's workspace: what came from elsewhere, and can be deleted when nothing runs


def carry_out(order: Order, number: int = 0) -> None:
    """Do what `order` says, as process `number` of those that train together; the first one tells."""
    home = open_workspace()
    shared = has(home, order.dataset_id, order.dataset_hash)
    workspace = home if shared else Workspace(home.root / FOLDER)
    runs = Workspace(home.root / FOLDER).runs
    _remove_leftovers(runs)
    run = _unpacked(order, runs / f"{order.run_id}-{number}")
    messenger = _Messenger(run, order.mailbox) if number == 0 else None

    def job(_: Workspace, reporter: Reporter) -> None:
        reporter.update(state=RunState.RUNNING, what="fetching the data set")
        reporter.add_facts({"node": socket.gethostname(), "processes": order.place.processes})
        if not shared:
            fetch(workspace, order.dataset_id, order.dataset_hash, order.mailbox)
            put(split_file(workspace.datasets / order.dataset_id, order.split_id), order.split)
        job_of_kind(order.kind)(workspace, reporter)

    with (
        run.worker_lock,
        messenger or contextlib.nullcontext(),
        run.log_file.open("w", encoding="utf-8", buffering=1) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        carry_through(run, job)
    shutil.rmtree(run.folder, ignore_errors=True)


def _remove_leftovers(runs: Path) -> None:
    """What processes that were killed have left."""
    for run in list_runs(runs):
        with contextlib.suppress(OSError):
            if time.time() - run.folder.stat().st_mtime > YOUNG and not run.is_locked():
                shutil.rmtree(run.folder, ignore_errors=True)


def _unpacked(order: Order, folder: Path) -> Run:
    """The run's folder as it is at home: what an earlier attempt left here is older."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in order.files.items():
        put(folder / name, content)
    run = Run(folder)
    run.write_status(Status(RunState.QUEUED))
    return run


class _Messenger:
    """While it is entered, tells what changes in a run's folder, and brings what the user asks for."""

    def __init__(self, run: Run, mailbox: Any) -> None:
        self._run, self._mailbox = run, mailbox
        self._told = self._marks()
        self._log_told = 0  # bytes
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_telling, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *failure: object) -> None:
        self._ended.set()
        self._thread.join()
        self._tell()

    def _keep_telling(self) -> None:
        while not self._ended.wait(TELL_EVERY):
            self._tell()

    def _tell(self) -> None:
        files, changed = {}, {}
        for name, mark in self._marks().items():
            # A checkpoint is gone for a moment while the next takes its place: it is told the next time.
            with contextlib.suppress(FileNotFoundError):
                if self._told.get(name) != mark:
                    files[name] = (self._run.folder / name).read_bytes()
                    changed[name] = mark
        status = asdict(self._run.written_status())
        asked = ray.get(self._mailbox.report.remote(files, self._newly_printed(), status))
        self._told |= changed
        for what, file in (("stop", self._run.stop_file), ("pause", self._run.pause_file)):
            if asked == what and not self._ended.is_set():
                file.touch()

    def _newly_printed(self) -> str:
        with contextlib.suppress(FileNotFoundError), self._run.log_file.open("rb") as log:
            log.seek(self._log_told)
            new = log.read()
            self._log_told += len(new)
            return new.decode("utf-8", "replace")
        return ""

    def _marks(self) -> dict[str, tuple[int, int]]:
        """Time and size of every file: those that changed have others."""
        marks = {}
        for name, path in travelling(self._run):
            with contextlib.suppress(FileNotFoundError):
                stat = path.stat()
                marks[name] = (stat.st_mtime_ns, stat.st_size)
        return marks
