"""Where a run is carried out: on this machine, or on a Ray cluster. No Ray."""

import contextlib
import importlib.util
import os
import re
from dataclasses import dataclass

from core.errors import ConfigError, RunError
from core.limits import check_range
from core.records import from_json, to_json
from core.runs.store import Run
from core.workspace import read_json, write_json

PLACE_FILE = "place.json"
INSTALL = "pip install -r requirements-cluster.txt"
MOST_CPUS, MOST_GPUS, MOST_PROCESSES = 1024, 64, 256
USUAL_ADDRESS = "127.0.0.1:6379"
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?):[0-9]{1,5}")


@dataclass(frozen=True)
class Place:
    """A Ray cluster by the `address` of its head, and what each process of a run takes of it.

    `gpus` below 1 is a share of one. Several `processes` train one network together.
    """

    address: str
    cpus: int = 1
    gpus: float = 0.0
    processes: int = 1

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.address) or int(self.address.rpartition(":")[2]) > 65535:
            raise ConfigError(
                "That is not the address of a Ray cluster.",
                expected=f"host:port of its head, such as {USUAL_ADDRESS}",
                found=repr(self.address[:60]),
                fix="Take the address that “ray start --head” tells.",
            )
        check_range("number of processor cores", self.cpus, 1, MOST_CPUS)
        check_range("number of GPUs", self.gpus, 0, MOST_GPUS)
        check_range("number of processes", self.processes, 1, MOST_PROCESSES)
        if self.gpus > 1 and self.gpus != int(self.gpus):
            raise ConfigError(
                "A process can have a share of one GPU, or whole ones.",
                expected="a number below 1, or a whole number",
                found=f"{self.gpus:g}",
                fix="Choose another number of GPUs.",
            )

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


def is_installed() -> bool:
    """Whether Ray can be imported here, without importing it."""
    return importlib.util.find_spec("ray") is not None


def check_installed() -> None:
    """
    Raises:
        ConfigError: it can't.
    """
    if not is_installed():
        raise ConfigError(
            "Ray is not installed, and nothing can be carried out on a cluster.",
            fix=f"{INSTALL}, then start the app again.",
        )


def place_of(run: Run) -> Place | None:
    """The cluster that `run` is carried out on; None for this machine.

    Raises:
        RunError: the file that says so is damaged.
    """
    try:
        return from_json(Place, read_json(run.folder / PLACE_FILE))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ConfigError) as damage:
        raise RunError(
            f"Where run {run.id} is to be carried out can't be read: {damage}.",
            fix=f"Delete its {PLACE_FILE} to carry it out on this machine.",
        ) from damage


def put_at(run: Run, place: Place | None) -> None:
    """Have `run` carried out there when it is started the next time."""
    if place is not None:
        write_json(run.folder / PLACE_FILE, to_json(place))
        return
    with contextlib.suppress(FileNotFoundError):
        (run.folder / PLACE_FILE).unlink()


def granted_device(place: Place, devices: tuple[str, ...]) -> str:
    """Which of a node's visible `devices` is this process's; Ray shows it only those that it has granted.

    Processes that train together on one node see all of theirs, and are numbered.
    """
    if not place.gpus:
        return "cpu"
    return devices[int(os.environ.get("LOCAL_RANK", "0")) % len(devices)]
