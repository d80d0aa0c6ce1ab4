"""A run is a folder, and the folder is the truth: what it is to do, how far it is, what came out."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import filelock

from core.errors import ConfigError, RunError
from core.processes import is_running
from core.records import from_json, to_json
from core.workspace import folder_of, new_id, put_in_place, read_json, write_json

TRIAL_FILE = "trial.json"
LEFTOVER_AGE = 3600.0  # seconds
RESERVE = 1 << 16  # bytes of disk for the last word
GRACE_BEFORE_FIRST_STATUS = 60.0  # seconds from launch to the worker's first word on a slow disk


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_active(self) -> bool:
        """A process is, or is about to be, at work on the run."""
        return self in (RunState.QUEUED, RunState.RUNNING, RunState.PAUSING, RunState.STOPPING)


@dataclass(frozen=True)
class Status:
    """What `status.json` holds; times in seconds since 1970, progress in units of `what`."""

    state: RunState
    message: str = ""
    fix: str = ""
    cause: str = ""  # the name of the exception that ended it
    pid: int | None = None
    process_started: float | None = None
    heartbeat: float = 0.0
    queued: float = 0.0
    started: float | None = None
    finished: float | None = None
    what: str = ""
    done: int = 0
    total: int = 0
    epoch: int = 0
    epochs: int = 0
    pictures_per_second: float | None = None
    seconds_left: float | None = None
    device: str = ""
    stop_heard: bool = False  # the worker has seen the stop or pause file and is finishing
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrialOf:
    """Which trial of which study a run is, and the threads that it works with on a processor."""

    study_id: str
    number: int
    threads: int | None = None


@dataclass(frozen=True)
class Run:
    """One run folder. Readers need no lock: every file is written whole, or only appended to."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def pause_file(self) -> Path:
        return self.folder / "pause"

    @property
    def facts_file(self) -> Path:
        return self.folder / "facts.json"

    @property
    def lost_pictures_file(self) -> Path:
        """Written when a run fails for pictures that can't be read any more: their keys."""
        return self.folder / "lost_pictures.json"

    def trial_of(self) -> TrialOf | None:
        """The study that made the run; None where a user did."""
        with contextlib.suppress(ConfigError):
            return from_json(TrialOf, self._read_or_empty(self.folder / TRIAL_FILE))
        return None

    @property
    def _reserve(self) -> Path:
        return self.folder / ".status.reserve"

    @property
    def worker_lock(self) -> filelock.FileLock:
        """Held by the process that works on the run, and by the system's own law by no dead one."""
        return filelock.FileLock(self.folder / "worker.lock")

    @property
    def log_file(self) -> Path:
        return self.folder / "log.txt"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    def config(self) -> dict[str, Any]:
        """The settings that the run was made with, as JSON."""
        return self._read("config.json")

    def write_config(self, config: dict[str, Any]) -> None:
        write_json(self.folder / "config.json", config)

    @property
    def name(self) -> str:
        return str(self.config().get("name") or self.id)

    def rename(self, name: str) -> None:
        """Give the run another name; its id and its files stay.

        Raises:
            RunError: the name is empty.
        """
        if not name.strip():
            raise RunError("A run needs a name.", fix="Type at least one character.")
        self.write_config({**self.config(), "name": name.strip()[:120]})

    def status(self) -> Status:
        """The status now: a worker that died without a word makes it `lost`."""
        written = self.written_status()
        if not written.state.is_active:
            return written
        if not self._has_live_worker(written):
            if self.written_status() != written:  # its last word came between the two looks
                return self.status()
            return replace(
                written,
                state=RunState.LOST,
                message="The process of this run died without a word: killed, or the machine stopped. "
                f"It was last heard of at {time.strftime('%H:%M:%S', time.localtime(written.heartbeat))}.",
                fix="Go on from its last checkpoint, or look at the log.",
            )
        if self.stop_file.exists():
            return replace(written, state=RunState.STOPPING)
        if self.pause_file.exists():
            return replace(written, state=RunState.PAUSING)
        return written

    def written_status(self) -> Status:
        """The status as the worker last wrote it."""
        try:
            return from_json(Status, self._read("status.json"))
        except ConfigError as damage:
            raise RunError(
                f"The status of run {self.id} can't be read: {damage}", fix="Delete the run."
            ) from damage

    def write_status(self, status: Status) -> None:
        write_json(self.folder / "status.json", to_json(status))

    def reserve_room(self) -> None:
        """Take room on the disk for the last status.

        Raises:
            OSError: there is none.
        """
        with contextlib.suppress(FileNotFoundError):
            if self._reserve.stat().st_size == RESERVE:
                return
        try:
            self._reserve.write_bytes(os.urandom(RESERVE))  # which no file system stores in less
        except OSError:
            self._reserve.unlink(missing_ok=True)
            raise

    def write_last_status(self, status: Status) -> None:
        """Write `status`, where the disk is full into the room that was taken for it; give that room up."""
        try:
            self.write_status(status)
        except OSError:
            with self._reserve.open("r+b") as file:
                file.write(json.dumps(to_json(status), indent=1).encode())
                file.truncate()
            put_in_place(self._reserve, self.folder / "status.json")
        self._reserve.unlink(missing_ok=True)

    def metrics(self) -> list[dict[str, Any]]:
        """One record a finished epoch, in order; a line cut short by a crash is left out."""
        records = []
        with (
            contextlib.suppress(FileNotFoundError),
            self.metrics_file.open(encoding="utf-8", errors="replace") as lines,
        ):
            for line in lines:
                with contextlib.suppress(json.JSONDecodeError):
                    records.append(json.loads(line))
        return [record for record in records if isinstance(record, dict)]

    def facts(self) -> dict[str, Any]:
        """How the run is done: device, numbers, layout, what was measured; empty before its first step."""
        return self._read_or_empty(self.facts_file)

    def lost_pictures(self) -> tuple[str, ...]:
        """Keys of the pictures for which the run failed, if it did so for pictures."""
        keys = self._read_or_empty(self.lost_pictures_file).get("keys")
        return tuple(map(str, keys)) if isinstance(keys, list) else ()

    def log(self, last_characters: int = 20_000) -> str:
        """The end of what the worker printed."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - last_characters))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _has_live_worker(self, written: Status) -> bool:
        """A PID with its start time tells at once; the lock tells also where the clock was set meanwhile."""
        if written.pid is not None and written.process_started is not None:
            return is_running(written.pid, written.process_started) or self.is_locked()
        launched = self._launched()
        if launched is not None:
            return is_running(launched["pid"], launched["process_started"]) or self.is_locked()
        return self.is_locked() or abs(time.time() - written.queued) < GRACE_BEFORE_FIRST_STATUS

    def is_locked(self) -> bool:
        """Whether a process is at work on it, as the lock tells."""
        try:
            with self.worker_lock.acquire(blocking=False):
                return False
        except filelock.Timeout:
            return True
        except (OSError, NotImplementedError):  # a read-only folder, or a file system without locks
            return False

    def _launched(self) -> dict[str, Any] | None:
        try:
            return read_json(self.folder / "launch.json")
        except (OSError, ValueError):
            return None

    def _read_or_empty(self, path: Path) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            value = read_json(path)
            return value if isinstance(value, dict) else {}
        return {}

    def _read(self, file: str) -> dict[str, Any]:
        try:
            value = read_json(self.folder / file)
        except FileNotFoundError:
            raise RunError(
                f"Run {self.id} has no {file}.", fix="It was deleted, or never whole. Choose another run."
            ) from None
        except (OSError, ValueError) as damage:
            raise RunError(
                f"{file} of run {self.id} can't be read: {damage}.", fix="Delete the run."
            ) from damage
        if not isinstance(value, dict):
            raise RunError(f"{file} of run {self.id} is not a JSON object.", fix="Delete the run.")
        return value


def create_run(
    parent: Path, config: dict[str, Any], label: str, *, files: Mapping[str, Path] | None = None
) -> Run:
    """A new run folder under `parent` with its `config.json`, queued; it appears whole or not at all.

    `files` are copied into it under their new names.
    """
    _remove_leftovers(parent)
    run_id = new_id(label)
    incoming = Run(parent / f".incoming-{run_id}")
    incoming.folder.mkdir(parents=True)
    incoming.write_config(config)
    incoming.write_status(Status(RunState.QUEUED, queued=time.time()))
    for name, source in (files or {}).items():
        shutil.copyfile(source, incoming.folder / name)
    return Run(incoming.folder.rename(parent / run_id))


def _remove_leftovers(parent: Path) -> None:
    """Delete what a crash left half created or half deleted an hour ago or more."""
    for leftover in [*parent.glob(".incoming-*"), *parent.glob(".deleted-*")]:
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_AGE:
                shutil.rmtree(leftover, ignore_errors=True)


def open_run(parent: Path, run_id: str) -> Run:
    """The run with this id.

    Raises:
        RunError: there is none.
    """
    run = Run(folder_of(parent, run_id))
    if not (run.folder / "config.json").is_file():
        raise RunError(
            f"There is no run {run_id}.", fix="It may have been deleted. Choose another one from the list."
        )
    return run


def list_runs(parent: Path) -> list[Run]:
    """All runs under `parent`, newest first."""
    return sorted(_runs_in(parent), key=lambda run: run.id, reverse=True)


def _runs_in(parent: Path) -> Iterator[Run]:
    if parent.is_dir():
        for folder in parent.iterdir():
            if not folder.name.startswith(".") and (folder / "config.json").is_file():
                yield Run(folder)


def runs_on(parent: Path, dataset_id: str) -> list[Run]:
    """The runs under `parent` that were made for that data set, newest first; damaged ones can't tell."""

    def is_on(run: Run) -> bool:
        with contextlib.suppress(RunError):
            return run.config().get("dataset_id") == dataset_id
        return False

    return [run for run in list_runs(parent) if is_on(run)]


def delete_run(run: Run) -> None:
    """Delete the folder of a run that nobody works on.

    Raises:
        RunError: it is still at work.
    """
    if is_active(run):
        raise RunError(f"Run {run.name} is still at work.", fix="Stop it first.")
    doomed = run.folder.rename(run.folder.with_name(f".deleted-{run.id}"))
    shutil.rmtree(doomed, ignore_errors=True)


def is_active(run: Run) -> bool:
    """Whether a process is at work on the run; one whose status can't be read is not."""
    try:
        return run.status().state.is_active
    except RunError:
        return False
