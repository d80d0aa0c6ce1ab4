"""A run on a cluster, seen from here: its folder follows the one on the node. Loads Ray."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ray
from ray import exceptions

from core.cluster.connection import connect
from core.cluster.dataset_parcel import hash_of, pack
from core.cluster.mailbox import new_mailbox
from core.cluster.order import OWN, NodeLost, Order, put, travelling
from core.data.splitting import split_file
from core.errors import Cancelled, ConfigError, RunError
from core.records import from_json
from core.runs.failure import FailedElsewhere, Failure
from core.runs.place import Place
from core.runs.reporter import Reporter
from core.runs.store import RunState, Status
from core.workspace import Workspace

KINDS = ("train-cnn", "fine-tune")  # what can be carried out elsewhere
POLL = 0.4  # seconds
MOST_DEATHS = 3  # in a row, without an epoch between them
NODE_DIED = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.LocalRayletDiedError,
    exceptions.ActorDiedError,
    exceptions.OwnerDiedError,
)
# What of a node's status is that of the run here.
TOLD = (
    "what",
    "done",
    "total",
    "epoch",
    "epochs",
    "pictures_per_second",
    "seconds_left",
    "device",
    "result",
)


def carry_out(workspace: Workspace, reporter: Reporter, place: Place) -> None:
    """Have the run done on the cluster; where a node dies, on another, from the last checkpoint that came.

    Raises:
        RunError: the cluster can't be used or has gone, or nodes die again and again.
        FailedElsewhere: the run failed.
        Cancelled: the user asked for an end or a pause.
    """
    reporter.update(state=RunState.RUNNING, what=f"connecting to {place.address}", done=0, total=0)
    _check_kind(reporter.run.config().get("kind"))
    connect(place)
    try:
        status = _until_it_ends(workspace, reporter, place)
    except exceptions.RayError as failure:
        raise RunError(
            f"The cluster at {place.address} is gone.",
            found=f"{type(failure).__name__}: {failure}",
            fix="Start it again, and go on from the last checkpoint that came; or go on here.",
        ) from failure
    finally:
        ray.shutdown()
    if status.state in (RunState.STOPPED, RunState.PAUSED) and not status.message:
        raise Cancelled
    if status.state is not RunState.FINISHED:
        raise FailedElsewhere(Failure(status.message, status.fix, status.cause))


def _until_it_ends(workspace: Workspace, reporter: Reporter, place: Place) -> Status:
    deaths = 0
    while True:
        before = len(reporter.run.metrics())
        reporter.update(what="waiting for a place on the cluster", done=0, total=0)
        try:
            return _attempt(workspace, reporter, place)
        except NodeLost as death:
            deaths = 1 if len(reporter.run.metrics()) > before else deaths + 1
            print(f"The process on the cluster died: {death}", flush=True)
            if deaths >= MOST_DEATHS:
                raise RunError(
                    f"The process of this run died on the cluster {deaths} times in a row.",
                    found=str(death),
                    fix="Its log says more. It may need more memory than a node has.",
                ) from death


def _attempt(workspace: Workspace, reporter: Reporter, place: Place) -> Status:
    """One attempt, on one node or on several at once; returns how it ended there."""
    run, mailbox = reporter.run, new_mailbox()
    config = run.config()
    dataset = workspace.datasets / config["dataset_id"]
    order = ray.put(
        Order(
            run_id=run.id,
            kind=config["kind"],
            place=place,
            files={name: path.read_bytes() for name, path in travelling(run)},
            dataset_id=config["dataset_id"],
            dataset_hash=hash_of(dataset),
            split_id=config["split_id"],
            split=split_file(dataset, config["split_id"]).read_bytes(),
            mailbox=mailbox,
        )
    )
    attempt = _Background(lambda: _have_carried_out(order, place))
    told: Status | None = None
    parcel: list[ray.ObjectRef] = []  # objects live as long as their references here
    while True:
        ended = attempt.ended
        asked = "stop" if reporter.should_stop() else "pause" if reporter.should_pause() else ""
        if asked and told is None:
            raise Cancelled
        files, printed, status, wanted = ray.get(mailbox.collect.remote(asked))
        print(printed, end="", flush=True)
        for name, content in files.items():
            _put(run.folder, name, content)
        if status is not None:
            told = from_json(Status, status)
            reporter.update(**{name: getattr(told, name) for name in TOLD})
        if wanted:
            parcel = [ray.put(part) for part in pack(dataset)]
            mailbox.deliver.remote(parcel)
        if ended:
            attempt.raise_failure()
            if told is None or told.state.is_active:
                raise NodeLost("it never told how it ended")
            return told
        time.sleep(POLL)


@ray.remote(max_retries=0)
def _carry_out(order: Order) -> None:
    from core.cluster.node import carry_out as carry_out_there

    carry_out_there(order)


def _have_carried_out(order: ray.ObjectRef, place: Place) -> None:
    """
    Raises:
        NodeLost: a process ended without a word.
    """
    if place.processes > 1:
        from core.cluster.together import train_together  # loads PyTorch

        train_together(order, place)
        return
    try:
        ray.get(_carry_out.options(num_cpus=place.cpus, num_gpus=place.gpus).remote(order))
    except NODE_DIED as death:
        raise NodeLost(f"{type(death).__name__}: {death}") from death


class _Background:
    """Work in a thread, which ends with the process at the latest."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._do, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _do(self) -> None:
        try:
            self._work()
        except BaseException as failure:
            self._failure = failure


def _put(folder: Path, name: str, content: bytes) -> None:
    """What came from a node, into the run's folder and nowhere else."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or name in OWN:
        raise RunError(
            f"A node sent a file that isn't a run's: {name[:80]}.", fix="Check the cluster's nodes."
        )
    put(path, content)


def _check_kind(kind: object) -> None:
    if kind not in KINDS:
        raise ConfigError(
            f"A run of kind {kind!r} can't be carried out on a cluster.",
            expected="one of " + ", ".join(KINDS),
            found=str(kind),
            fix="Start it on this machine.",
        )
