import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.garbage import spare_loaded_modules
from core.runs.launcher import get_ready
from core.runs.warm import cool_down
from core.workspace import Workspace, open_workspace
from tests.workers import end_workers


@pytest.fixture(autouse=True)
def quick_collections() -> None:
    """As in the app, no collection of garbage looks through what imports have made."""
    spare_loaded_modules()


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """An empty workspace; whatever opens one during the test gets this one, and no worker outlives it."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    opened = open_workspace()
    yield opened
    end_workers(opened.root)


@pytest.fixture(autouse=True)
def hasty_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which layout a training takes doesn't matter to tests; in a new workspace each run finds out anew."""
    if calibration := sys.modules.get("core.training.calibration"):
        monkeypatch.setattr(calibration, "LONG_ENOUGH", 0.0)


@pytest.fixture(scope="session", autouse=True)
def as_urgent_as_before() -> Iterator[None]:
    """Some jobs make their process give way to others; a job that a test does itself has none of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.nice", lambda increment: increment, raising=False)
        yield


@pytest.fixture(scope="session")
def warm_workers() -> Iterator[None]:
    """Once PyTorch is loaded, workers are forked, as those of the app are: there two seconds sooner."""
    get_ready()
    yield
    cool_down()


@pytest.fixture(autouse=True)
def seeds() -> None:
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
