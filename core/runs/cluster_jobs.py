"""A look at a Ray cluster as a job: connecting takes seconds, and Ray is only for workers. No Ray."""

from dataclasses import dataclass

from core.records import to_json
from core.runs.place import Place
from core.runs.side_jobs import start_side_job
from core.runs.store import Run
from core.workspace import Workspace

KIND = "cluster"


@dataclass(frozen=True)
class ClusterLook:
    """Whether the cluster at `place` can be used, and what it has."""

    place: Place
    name: str
    kind: str = KIND


def start_look(workspace: Workspace, place: Place) -> Run:
    """Connect from a process of its own; the result is `{"nodes": n, "cpus": n, "gpus": n, "processes": n}`,
    the last how many processes of the place's size there is room for.

    Raises:
        RunError: the process can't be started.
    """
    name = f"Ray at {place.address}"
    return start_side_job(workspace.caches / "clusters", to_json(ClusterLook(place, name)), name)
