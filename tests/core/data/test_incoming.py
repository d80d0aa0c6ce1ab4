import os
import subprocess
import sys

import psutil
import pytest

from core.data.incoming import OWNER, incoming, remove_leftovers
from core.errors import ImportRefused
from core.workspace import Workspace, write_json


def test_the_folder_becomes_the_data_set(workspace: Workspace) -> None:
    with incoming(workspace, "some-id") as folder:
        (folder / "file").write_text("content")
        assert [path.name for path in workspace.datasets.iterdir()] == [".incoming-some-id"]
    assert [path.name for path in workspace.datasets.iterdir()] == ["some-id"]
    assert [path.name for path in (workspace.datasets / "some-id").iterdir()] == ["file"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_after_any_error_nothing_is_left(workspace: Workspace, error: type[BaseException]) -> None:
    with pytest.raises(error), incoming(workspace, "some-id"):
        raise error
    assert list(workspace.datasets.iterdir()) == []


def test_a_workspace_that_can_t_be_written_to(workspace: Workspace) -> None:
    workspace.datasets.rmdir()
    workspace.datasets.write_text("a file where the folder should be")
    with pytest.raises(ImportRefused, match="can't be written to"), incoming(workspace, "some-id"):
        pass


def test_leftovers_of_dead_imports_go_and_those_of_living_ones_stay(workspace: Workspace) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    me = psutil.Process()
    owners = {
        "dead": {"pid": dead.pid, "started": 1.0},
        "reused": {"pid": me.pid, "started": 1.0},
        "living": {"pid": me.pid, "started": me.create_time()},
    }
    for name, owner in owners.items():
        folder = workspace.datasets / f".incoming-{name}"
        folder.mkdir()
        write_json(folder / OWNER, owner)
    (workspace.datasets / ".incoming-no-owner-yet").mkdir()
    abandoned = workspace.datasets / ".incoming-abandoned"
    abandoned.mkdir()
    os.utime(abandoned, (0, 0))
    (workspace.datasets / ".deleted-half").mkdir()
    remove_leftovers(workspace)
    assert {folder.name for folder in workspace.datasets.iterdir()} == {
        ".incoming-living",
        ".incoming-no-owner-yet",
    }
