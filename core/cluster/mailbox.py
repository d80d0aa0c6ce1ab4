"""What the process of a run here and those on the nodes leave for each other. Loads Ray."""

from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


class _Mailbox:
    """From the nodes: files of the run that have changed, what it printed, its status, and whether the data
    set is missing there. To the nodes: what the user asks for, and the data set.
    """

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._printed = ""
        self._status: dict[str, Any] | None = None
        self._asked = ""
        self._wanted = False
        self._parcel: list[ray.ObjectRef] | None = None

    def report(self, files: dict[str, bytes], printed: str, status: dict[str, Any]) -> str:
        """A later file takes the place of an earlier of its name. Returns what the user asks for."""
        self._files |= files
        self._printed += printed
        self._status = status
        return self._asked

    def collect(self, asked: str) -> tuple[dict[str, bytes], str, dict[str, Any] | None, bool]:
        """Files and what was printed since the last call, the last status, and whether the data set is
        wanted."""
        files, printed = self._files, self._printed
        self._files, self._printed, self._asked = {}, "", asked
        return files, printed, self._status, self._wanted and self._parcel is None

    def deliver(self, parcel: list[ray.ObjectRef]) -> None:
        self._parcel = parcel

    def parcel(self) -> list[ray.ObjectRef] | None:
        """References to the parts of the data set, once they are there; asking for them says that it is
        wanted."""
        self._wanted = True
        return self._parcel


def new_mailbox() -> Any:
    """The handle of one that lies on this machine, so that no other's end takes it away."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(num_cpus=0)(_Mailbox).options(scheduling_strategy=here).remote()
