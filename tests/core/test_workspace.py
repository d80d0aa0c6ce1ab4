from pathlib import Path

import pytest

from core.errors import WorkbenchError
from core.workspace import (
    Workspace,
    folder_of,
    new_id,
    open_workspace,
    read_json,
    workspace_around,
    write_json,
)


def test_the_workspace_follows_the_environment(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.root == tmp_path / "home"
    assert all(folder.is_dir() for folder in (workspace.datasets, workspace.runs, workspace.imports))


def test_a_run_finds_its_own_workspace(workspace: Workspace, tmp_path: Path) -> None:
    other = open_workspace(tmp_path / "elsewhere")
    assert workspace_around(other.runs / "r") == other
    assert workspace_around(other.imports / "job") == other
    assert workspace_around(tmp_path) == workspace


@pytest.mark.parametrize("label", ["Cats & Dogs", "Ünïcödé/../x", "", "日本", "a" * 500])
def test_an_id_can_be_a_folder_anywhere(label: str, tmp_path: Path) -> None:
    assert folder_of(tmp_path, new_id(label)).parent == tmp_path
    assert new_id(label) != new_id(label)


@pytest.mark.parametrize(
    "hostile", ["..", "../x", "/etc", "a/b", "", ".hidden", "A", "a\x00", "a" * 200, "a\n"]
)
def test_what_is_not_an_id_is_refused(hostile: str, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="not an id"):
        folder_of(tmp_path, hostile)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "value.json"
    path.parent.mkdir()
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert [file.name for file in path.parent.iterdir()] == ["value.json"]


@pytest.mark.parametrize(("refusals", "replaced"), [(3, True), (10_000, False)])
def test_a_file_that_another_process_reads_is_replaced_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusals: int, replaced: bool
) -> None:
    """As on Windows, where a file that is open can't be renamed over."""
    path = tmp_path / "value.json"
    write_json(path, 1)
    really_replace, left = Path.replace, iter(range(refusals))

    def replace(temporary: Path, target: Path) -> Path:
        if next(left, None) is not None:
            raise PermissionError
        return really_replace(temporary, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr("core.workspace.PATIENCE", 0.2)
    if replaced:
        write_json(path, 2)
    else:
        with pytest.raises(PermissionError):
            write_json(path, 2)
    assert read_json(path) == (2 if replaced else 1)
    assert list(tmp_path.glob(".value*")) == []
