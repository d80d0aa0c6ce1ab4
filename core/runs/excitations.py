"""The search for what excites a layer's channels, as a job of its own; its result is kept until the weights
or the pictures are others."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.insight.reference import SubjectRef
from core.records import to_json
from core.runs.side_jobs import start_side_job
from core.runs.store import Run
from core.workspace import Workspace


@dataclass(frozen=True)
class ExcitationConfig:
    """Which layer (`row` of the walk) of which network looks at `most` pictures of which data set.

    `key` is that of the network, which tells its weights from others.
    """

    name: str
    subject: SubjectRef
    key: str
    dataset_id: str
    row: int
    most: int
    kind: str = "excitation"


def excitation_file(workspace: Workspace, config: ExcitationConfig) -> Path:
    """Where the result is, or will be."""
    parts = (config.key, config.dataset_id, config.row, config.most)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
    return workspace.caches / "excitations" / f"{digest}.npz"


def start_excitation(workspace: Workspace, config: ExcitationConfig) -> Run:
    """Search in a process of its own; ended searches are deleted, their results stay."""
    excitation_file(workspace, config).parent.mkdir(parents=True, exist_ok=True)
    return start_side_job(searches(workspace), to_json(config), config.name)


def searches(workspace: Workspace) -> Path:
    """The folder of the jobs."""
    return workspace.caches / "searches"
