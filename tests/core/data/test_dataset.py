from pathlib import Path

import pytest

from core.data.dataset import (
    Dataset,
    damaged_datasets,
    delete_dataset,
    list_datasets,
    load_dataset,
    rename_dataset,
)
from core.errors import ConfigError, DatasetError, WorkbenchError
from core.workspace import Workspace
from tests.core.data.bringing import bring, png, write_tree


@pytest.fixture
def dataset(tmp_path: Path, workspace: Workspace) -> Dataset:
    files = {"cat/1.png": png(1), "cat/2.png": png(2), "dog/3.png": png(3), "dog/bad.png": b"bad"}
    return bring(workspace, write_tree(tmp_path / "pets", files), "Pets")


def test_loading_gives_back_what_was_imported(workspace: Workspace, dataset: Dataset) -> None:
    loaded = load_dataset(workspace, dataset.id)
    assert loaded == dataset
    assert [rejected.name for rejected in loaded.rejected] == ["dog/bad.png"]
    assert list(loaded.labels()) == [0, 0, 1]


def test_the_list_agrees_with_the_data_set(workspace: Workspace, dataset: Dataset) -> None:
    (summary,) = list_datasets(workspace)
    assert (summary.id, summary.name, summary.classes, summary.pictures) == (dataset.id, "Pets", 2, 3)
    assert summary.bytes == sum(len(png(seed)) for seed in (1, 2, 3))


def test_newest_first_and_damaged_ones_left_out(
    tmp_path: Path, workspace: Workspace, dataset: Dataset
) -> None:
    newer = bring(workspace, tmp_path / "pets", "Newer")
    (workspace.datasets / "half").mkdir()
    (workspace.datasets / ".incoming-x").mkdir()
    assert [summary.id for summary in list_datasets(workspace)] == [newer.id, dataset.id]


def test_renaming_keeps_the_id(workspace: Workspace, dataset: Dataset) -> None:
    rename_dataset(workspace, dataset.id, "  Cats & dogs ")
    assert load_dataset(workspace, dataset.id).name == "Cats & dogs"
    with pytest.raises(ConfigError, match="needs a name"):
        rename_dataset(workspace, dataset.id, " ")


def test_deleting(workspace: Workspace, dataset: Dataset) -> None:
    delete_dataset(workspace, dataset.id)
    assert list(workspace.datasets.iterdir()) == []
    for use in (load_dataset, delete_dataset):
        with pytest.raises(DatasetError, match="There is no data set"):
            use(workspace, dataset.id)


@pytest.mark.parametrize("file", ["manifest.json", "pictures.jsonl", "rejected.jsonl"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_damage_names_the_file(workspace: Workspace, dataset: Dataset, file: str, damage: str) -> None:
    path = dataset.folder / file
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.write_text('{"some": "thing"}\n')
    with pytest.raises(DatasetError, match=file):
        load_dataset(workspace, dataset.id)


def test_missing_lines_are_found(workspace: Workspace, dataset: Dataset) -> None:
    path = dataset.folder / "pictures.jsonl"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(DatasetError, match=r"pictures\.jsonl"):
        load_dataset(workspace, dataset.id)


@pytest.mark.parametrize("bad", ["../datasets", "", "A", ".incoming-x", "a/b"])
def test_an_id_is_not_a_path(workspace: Workspace, bad: str) -> None:
    with pytest.raises(WorkbenchError, match="not an id"):
        load_dataset(workspace, bad)


def test_damaged_manifests_are_found(workspace: Workspace, dataset: Dataset) -> None:
    assert damaged_datasets(workspace) == []
    (dataset.folder / "manifest.json").unlink()
    assert damaged_datasets(workspace) == [dataset.id]
    assert list_datasets(workspace) == []
