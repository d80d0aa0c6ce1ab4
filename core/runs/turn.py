"""The turn of a job on a device that others want too."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.runs.place import granted_device, place_of
from core.runs.reporter import Reporter
from core.runs.slots import device_slot
from core.runs.store import RunState
from core.workspace import Workspace


@contextmanager
def turn_on(devices: tuple[str, ...], workspace: Workspace, reporter: Reporter) -> Iterator[str]:
    """Wait for one of `devices`, and tell that the run is at work on it."""
    reporter.listens = True  # to measure, before the first step, can take long on a busy machine

    def wait(ahead: int) -> None:
        reporter.raise_if_interrupted()
        reporter.update(what="waiting for the device", done=0, total=0, result={"ahead": ahead})

    place = place_of(reporter.run)
    if place is not None:  # the cluster has given the turn
        reporter.update(state=RunState.RUNNING, what="loading PyTorch", result={})
        yield granted_device(place, devices)
        return
    with device_slot(reporter.run, devices, workspace.caches / "slots", on_wait=wait) as device:
        reporter.update(state=RunState.RUNNING, what="loading PyTorch", result={})
        reporter.flush()
        yield device
