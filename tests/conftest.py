import random
import sys
from pathlib import Path

import numpy as np
import pytest

from core.workspace import Workspace, open_workspace


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace; whatever opens one during the test gets this one."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return open_workspace()


@pytest.fixture(autouse=True)
def hasty_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which layout a training takes doesn't matter to tests; in a new workspace each run finds out anew."""
    if calibration := sys.modules.get("core.training.calibration"):
        monkeypatch.setattr(calibration, "LONG_ENOUGH", 0.0)


@pytest.fixture(autouse=True)
def seeds() -> None:
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
