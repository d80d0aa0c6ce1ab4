"""The way into a Ray cluster, and what it has. Loads Ray, so it is only for a worker."""

import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import ray

from core.errors import RunError
from core.runs.launcher import CALM_THREADS, LARGE_PAGES
from core.runs.place import Place

CORE = Path(__file__).resolve().parents[1]
ANSWER_WITHIN = 5.0  # seconds
JOIN = "RAY_AUTH_MODE=token ray start --address={address}"


@dataclass(frozen=True)
class Cluster:
    """What the living nodes have: one entry a node."""

    cpus: tuple[float, ...]
    gpus: tuple[float, ...]

    @property
    def nodes(self) -> int:
        return len(self.cpus)

    def processes(self, place: Place) -> int:
        """How many processes of `place` fit, were nothing else there."""
        return sum(
            int(min(cpus // place.cpus, gpus / place.gpus if place.gpus else cpus))
            for cpus, gpus in zip(self.cpus, self.gpus, strict=True)
        )


def connect(place: Place) -> Cluster:
    """Make this process one of the cluster's; the nodes get this very code.

    Raises:
        RunError: nothing answers there, this machine isn't part of it, it has another version, or the place
            is larger than it.
    """
    _check_that_something_answers(place)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(
            address=place.address,
            ignore_reinit_error=True,
            logging_level=logging.ERROR,
            log_to_driver=False,  # a run's log comes with its other news
            runtime_env={"py_modules": [str(CORE)], "env_vars": {**CALM_THREADS, **LARGE_PAGES}},
        )
    except Exception as failure:  # RuntimeError, ConnectionError, ValueError and Ray's own
        raise _refused(place, failure) from failure
    cluster = look()
    if cluster.processes(place) < place.processes:
        raise _too_small(place, cluster)
    return cluster


def look() -> Cluster:
    """The nodes that are alive now."""
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    return Cluster(
        tuple(resources.get("CPU", 0.0) for resources in alive),
        tuple(resources.get("GPU", 0.0) for resources in alive),
    )


def _check_that_something_answers(place: Place) -> None:
    try:
        socket.create_connection((place.host, place.port), timeout=ANSWER_WITHIN).close()
    except OSError as failure:
        raise RunError(
            f"No Ray cluster answers at {place.address}.",
            expected="the head of a cluster, started by “ray start --head”",
            found=failure.strerror or str(failure),
            fix="Start it, or correct the address.",
        ) from failure


def _refused(place: Place, failure: Exception) -> RunError:
    words = " ".join(str(failure).split())
    if "ersion mismatch" in words:
        return RunError(
            f"The cluster at {place.address} runs another version of Ray or Python.",
            expected="the same on every machine",
            found=words,
            fix="Install the same versions on its machines and on this one.",
        )
    if "uthentic" in words or "token" in words:
        return RunError(
            f"The cluster at {place.address} doesn't let this machine in.",
            expected="the same token on every machine, and RAY_AUTH_MODE=token here too",
            found=words,
            fix="Copy the token of the head, and start the app with RAY_AUTH_MODE=token.",
        )
    return RunError(
        f"This machine can't use the cluster at {place.address}.",
        expected="this machine is one of its nodes",
        found=words or type(failure).__name__,
        fix=f"On this machine: {JOIN.format(address=place.address)}",
    )


def _too_small(place: Place, cluster: Cluster) -> RunError:
    gpus = f" and {place.gpus:g} GPUs" if place.gpus else ""
    nodes = ", ".join(
        f"{cpus:g} cores and {gpus:g} GPUs" for cpus, gpus in zip(cluster.cpus, cluster.gpus, strict=True)
    )
    return RunError(
        f"The cluster at {place.address} is too small for this.",
        expected=f"room for {place.processes} × {place.cpus} cores{gpus}, each on one node",
        found=f"{cluster.nodes} node{'s' * (cluster.nodes != 1)}: {nodes}",
        fix="Ask for less, or add nodes to the cluster.",
    )
