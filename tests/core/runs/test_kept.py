from pathlib import Path

from core.runs.kept import PURPOSES, kept_by
from core.runs.store import Run, create_run
from core.training.snapshots import snapshot_path
from core.workspace import Workspace


def folder_of(workspace: Workspace) -> Path:
    return create_run(workspace.runs, {"name": "Kept"}, "Kept").folder


def test_only_what_is_there_is_listed_in_order(workspace: Workspace) -> None:
    folder = folder_of(workspace)
    (folder / "log.txt").write_bytes(b"abc")
    (folder / "best.pt").write_bytes(bytes(1000))
    (folder / "of nobody.txt").write_text("x")
    listed = {each.name: (each.size, each.files) for each in kept_by(Run(folder))}
    config = (folder / "config.json").stat().st_size
    assert listed == {"best.pt": (1000, 1), "config.json": (config, 1), "log.txt": (3, 1)}
    assert list(listed) == ["best.pt", "config.json", "log.txt"]


def test_folders_are_counted_and_added_up(workspace: Workspace) -> None:
    folder = folder_of(workspace)
    (folder / "tensorboard").mkdir()
    for epoch in (0, 2, 4):
        path = snapshot_path(folder, epoch)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(50))
    (folder / "snapshots" / ".epoch-00006.pt.partial").write_bytes(bytes(9))
    listed = {each.name: each for each in kept_by(Run(folder))}
    assert (listed["snapshots"].size, listed["snapshots"].files) == (150, 3)
    assert "tensorboard" not in listed  # still empty
    (folder / "tensorboard" / "events.out").write_bytes(bytes(7))
    assert {each.name: each.size for each in kept_by(Run(folder))}["tensorboard"] == 7


def test_every_file_has_a_purpose() -> None:
    assert all(purpose and not purpose.endswith(".") for purpose in PURPOSES.values())
