import io
from pathlib import Path

import pytest
from PIL import Image

from core.data.dataset import Dataset, delete_dataset, list_datasets, load_dataset
from core.data.splitting import current_split
from core.data.versions import Labelled, next_name, next_version
from core.errors import ConfigError, PictureRejected
from core.workspace import Workspace


def noise(folder: Path, name: str, seed: int) -> Path:
    content = io.BytesIO()
    Image.frombytes("L", (8, 8), bytes((seed * 7 + n * 13) % 256 for n in range(64))).save(content, "PNG")
    (folder / name).write_bytes(content.getvalue())
    return folder / name


def test_new_pictures_go_to_training_and_all_else_stays(
    workspace: Workspace, digits: Dataset, tmp_path: Path
) -> None:
    split = current_split(digits)
    added = [
        Labelled("a/new.png", noise(tmp_path, "a", 1), "7"),
        Labelled("b.png", noise(tmp_path, "b", 2), "0"),
    ]
    made = next_version(workspace, digits, split, [*added, added[0]])
    version = load_dataset(workspace, made.id)
    assert version.name == "Digits (2)"
    assert version.pictures[: len(digits.pictures)] == digits.pictures
    assert [(each.name, each.label) for each in version.pictures[len(digits.pictures) :]] == [
        ("a/new.png", "7"),
        ("b.png", "0"),
    ]
    new_split = current_split(version)
    assert (new_split.valid, new_split.test) == (split.valid, split.test)
    assert new_split.train == (*split.train, len(digits.pictures), len(digits.pictures) + 1)
    assert all(version.path(each).exists() for each in version.pictures)
    assert load_dataset(workspace, digits.id) == digits
    assert version.path(version.pictures[0]).samefile(digits.path(digits.pictures[0]))
    delete_dataset(workspace, digits.id)
    assert all(version.path(each).read_bytes() for each in version.pictures)


def test_pictures_of_the_data_set_itself_are_not_added(
    workspace: Workspace, digits: Dataset, tmp_path: Path
) -> None:
    held = Labelled("x.png", digits.path(digits.pictures[current_split(digits).test[0]]), "7")
    with pytest.raises(ConfigError, match="in the data set already"):
        next_version(workspace, digits, current_split(digits), [held])
    new = Labelled("y.png", noise(tmp_path, "y", 3), "7")
    made = next_version(workspace, digits, current_split(digits), [held, new])
    assert len(made.pictures) == len(digits.pictures) + 1


@pytest.mark.parametrize(
    ("label", "content", "error"),
    [("elephant", None, ConfigError), ("7", b"no picture", PictureRejected)],
)
def test_what_can_not_be_added_leaves_nothing(
    workspace: Workspace,
    digits: Dataset,
    tmp_path: Path,
    label: str,
    content: bytes | None,
    error: type[Exception],
) -> None:
    path = noise(tmp_path, "n", 4)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error):
        next_version(workspace, digits, current_split(digits), [Labelled("n.png", path, label)])
    assert [each.id for each in list_datasets(workspace)] == [digits.id]
    assert len(list(workspace.datasets.iterdir())) == 1


def test_names_are_counted_on() -> None:
    assert next_name("Pets") == "Pets (2)"
    assert next_name("Pets (2)") == "Pets (3)"
    assert next_name("x" * 80) == "x" * 76 + " (2)"
