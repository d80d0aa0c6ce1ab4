"""What is sent to a node so that it can carry out a run: the run's folder, and which data set it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.runs.place import Place
from core.runs.store import Run
from core.workspace import put_in_place

# What belongs to the process of a run and its machine. Names that begin with a dot are half-written files.
OWN = {"status.json", "log.txt", "launch.json", "launch.lock", "worker.lock", "stop", "pause"}


@dataclass(frozen=True)
class Order:
    """`files` of the run's folder by their path in it, `split` the file of its split, and the SHA-256 of the
    data set's pictures and labels."""

    run_id: str
    kind: str
    place: Place
    files: dict[str, bytes]
    dataset_id: str
    dataset_hash: str
    split_id: str
    split: bytes
    mailbox: Any  # a handle of core.cluster.mailbox


class NodeLost(Exception):
    """A process of the run on the cluster ended without a word."""


def travelling(run: Run) -> Iterable[tuple[str, Path]]:
    """The files that are the run, wherever it is: name and path."""
    for path in sorted(run.folder.rglob("*")):
        name = path.relative_to(run.folder).as_posix()
        if path.is_file() and name not in OWN and not path.name.startswith("."):
            yield name, path


def put(path: Path, content: bytes) -> None:
    """Have a file of the run that came from elsewhere at `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_name(f".{path.name}-incoming")
    incoming.write_bytes(content)
    put_in_place(incoming, path)
