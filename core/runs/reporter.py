"""What a worker tells the world: its status file, its metrics, and whether it was asked to stop."""

import contextlib
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from core.errors import Cancelled
from core.runs.store import Run, RunState, Status
from core.workspace import write_json

FLUSH_EVERY = 0.4  # seconds, when something changed
HEARTBEAT_EVERY = 3.0  # seconds, when nothing did


class Reporter:
    """Holds the status in memory; a thread writes it to disk, so that a job's inner loop never waits.

    Where the disk is full at the end, the last status goes into a file that has had its room from the start.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        process = psutil.Process()
        self._status = replace(
            run.written_status(),
            state=RunState.QUEUED,
            pid=os.getpid(),
            process_started=process.create_time(),
            stop_heard=False,
            message="",
            fix="",
            cause="",
        )
        self.listens = False  # also while the job is busy: for one whose single steps take long
        self._changed = True
        self._lock = threading.Lock()
        self._ended = threading.Event()
        for first in (run.reserve_room, self.flush):
            with contextlib.suppress(OSError):  # the job will meet a full disk too, and end with the reason
                first()
        self._thread = threading.Thread(target=self._keep_writing, daemon=True)
        self._thread.start()

    @property
    def status(self) -> Status:
        return self._status

    def update(self, **changes: Any) -> None:
        """Change fields of the status; they reach the disk within half a second."""
        with self._lock:
            self._status = replace(self._status, **changes)
            self._changed = True

    def flush(self) -> None:
        """Write the status now."""
        with self._lock:
            self._status = replace(self._status, heartbeat=time.time())
            self._changed = False
            self.run.write_status(self._status)

    def close(self, state: RunState, **changes: Any) -> None:
        """Write the last status of this process; nothing is written after it."""
        self._ended.set()
        self._thread.join()
        for asked in (self.run.stop_file, self.run.pause_file):
            asked.unlink(missing_ok=True)
        self.update(state=state, finished=time.time(), seconds_left=None, **changes)
        self.run.write_last_status(replace(self._status, heartbeat=time.time()))

    def should_stop(self) -> bool:
        """Whether the user asked for an end; the status then says that this was heard."""
        return self._heard(self.run.stop_file)

    def should_pause(self) -> bool:
        """Whether the user asked for a pause."""
        return self._heard(self.run.pause_file)

    def raise_if_interrupted(self) -> None:
        """Raises `Cancelled` when the user asked for an end or a pause."""
        if self.should_stop() or self.should_pause():
            raise Cancelled

    def add_facts(self, facts: dict[str, Any]) -> None:
        """Keep what is worth knowing of how the run is done; a later value takes the place of an earlier."""
        write_json(self.run.facts_file, {**self.run.facts(), **facts})

    def _heard(self, asked: Path) -> bool:
        if not asked.exists():
            return False
        if not self._status.stop_heard:
            self.update(stop_heard=True)
        return True

    def progress(self, done: int, total: int, what: str) -> None:
        self.update(done=done, total=total, what=what)

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add one finished epoch; it is on disk when this returns."""
        with self.run.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def _keep_writing(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(FLUSH_EVERY):
            if self.listens:
                self.should_stop()
            if self._changed or time.monotonic() - last > HEARTBEAT_EVERY:
                try:
                    self.flush()
                except OSError as failure:
                    with contextlib.suppress(OSError):  # the log is on the same disk
                        print(f"The status could not be written: {failure}", flush=True)
                last = time.monotonic()
