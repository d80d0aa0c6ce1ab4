import os
import time

import pytest

from core.errors import ModelFileError, WorkbenchError
from core.models.imported import (
    Form,
    ImportedModel,
    Origin,
    delete_imported,
    incoming_model,
    list_imported,
    open_imported,
    placed,
    rename_imported,
    write_origin,
)
from core.models.source import Source, key_of, parse_key
from core.workspace import Workspace


def brought(workspace: Workspace, name: str = "One") -> ImportedModel:
    with incoming_model(workspace, name) as folder:
        write_origin(folder, Origin(name, Form.WEIGHTS, "one.pt", "0" * 64, 10, 0.0, 1.5, {"seed": 1}))
    return open_imported(workspace, placed(folder).name)


def test_it_is_listed_renamed_and_deleted(workspace: Workspace) -> None:
    first, second = brought(workspace), brought(workspace, "Two")
    assert {model.id for model in list_imported(workspace)} == {first.id, second.id}
    rename_imported(first, "  Better  ")
    again = open_imported(workspace, first.id)
    assert (again.name, again.origin.told, again.origin.temperature) == ("Better", {"seed": 1}, 1.5)
    delete_imported(first)
    assert list_imported(workspace) == [second]
    assert [path.name for path in workspace.models.iterdir()] == [second.id]
    with pytest.raises(ModelFileError, match="no imported model"):
        open_imported(workspace, first.id)
    with pytest.raises(ModelFileError, match="needs a name"):
        rename_imported(second, " ")


def test_what_fails_half_way_leaves_nothing(workspace: Workspace) -> None:
    def fail() -> None:
        with incoming_model(workspace, "One") as folder:
            (folder / "best.pt").write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(workspace.models.iterdir()) == []


def test_what_a_crash_left_goes_with_the_next(workspace: Workspace) -> None:
    old, young = (workspace.models / name for name in (".incoming-old", ".incoming-young"))
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    model = brought(workspace)
    assert set(workspace.models.iterdir()) == {young, model.folder}


def test_damage_hides_one_model_only(workspace: Workspace) -> None:
    damaged, whole = brought(workspace), brought(workspace, "Whole")
    (damaged.folder / "origin.json").write_text("{")
    assert list_imported(workspace) == [whole]
    with pytest.raises(ModelFileError, match="can't be read"):
        open_imported(workspace, damaged.id)


@pytest.mark.parametrize("bad", ["../runs", "/etc", ".incoming-x", ""])
def test_only_ids_are_opened(workspace: Workspace, bad: str) -> None:
    with pytest.raises(WorkbenchError, match="not an id"):
        open_imported(workspace, bad)


def test_keys_name_a_source_and_an_id() -> None:
    for source in Source:
        assert parse_key(key_of(source, "a.b")) == (source, "a.b")
    for bad in ("", "run", "run.", "file.x", "etc/passwd"):
        with pytest.raises(WorkbenchError, match="not the key of a model"):
            parse_key(bad)
