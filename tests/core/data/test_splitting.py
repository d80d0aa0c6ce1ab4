import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.dataset import Dataset, Picture
from core.data.splitting import (
    Split,
    SplitSettings,
    current_split,
    keep_split,
    load_split,
    make_split,
    save_split,
    with_training,
)
from core.errors import ConfigError, DatasetError, WorkbenchError

Row = tuple[str, str, str | None]  # key, label, given split


def dataset_of(rows: list[Row], folder: Path = Path("unused")) -> Dataset:
    pictures = tuple(
        Picture(key, f"pictures/{key}", f"{label}/{i}.png", label, given_split, 8, 8, "L", "PNG", 100)
        for i, (key, label, given_split) in enumerate(rows)
    )
    classes = tuple(sorted({label for _, label, _ in rows}))
    return Dataset("d", "Test", folder, 0.0, "a test", classes, pictures)


def distinct(counts: dict[str, int]) -> list[Row]:
    return [(f"{label}-{i}", label, None) for label, count in counts.items() for i in range(count)]


def side_of(split: Split) -> dict[int, str]:
    sides = {"train": split.train, "valid": split.valid, "test": split.test}
    return {index: side for side, indices in sides.items() for index in indices}


def assert_sound(dataset: Dataset, split: Split) -> None:
    """Every picture on exactly one side, copies together."""
    assert sorted(split.train + split.valid + split.test) == list(range(len(dataset.pictures)))
    sides_of_key: dict[str, set[str]] = {}
    for index, side in side_of(split).items():
        sides_of_key.setdefault(dataset.pictures[index].key, set()).add(side)
    assert all(len(sides) == 1 for sides in sides_of_key.values())


def test_each_class_gives_its_share() -> None:
    dataset = dataset_of(distinct({"cat": 100, "dog": 40}))
    split = make_split(dataset, SplitSettings(valid=0.2, test=0.1))
    counts = Counter((side, dataset.pictures[i].label) for i, side in side_of(split).items())
    assert counts == {
        ("train", "cat"): 70,
        ("valid", "cat"): 20,
        ("test", "cat"): 10,
        ("train", "dog"): 28,
        ("valid", "dog"): 8,
        ("test", "dog"): 4,
    }
    assert split.notes == ()


def test_the_seed_decides() -> None:
    dataset = dataset_of(distinct({"cat": 50, "dog": 50}))
    once, again = (make_split(dataset, SplitSettings(seed=3)) for _ in range(2))
    assert once == again
    assert make_split(dataset, SplitSettings(seed=4)).id != once.id


@pytest.mark.parametrize(
    ("pictures", "sides", "note"),
    [
        (1, ["train"], "Class rare has 1 picture: none of them for validation or test."),
        (2, ["train", "valid"], "Class rare has 2 pictures: none of them for test."),
        (3, ["test", "train", "valid"], None),
    ],
)
def test_small_classes_are_explained(pictures: int, sides: list[str], note: str | None) -> None:
    dataset = dataset_of(distinct({"cat": 40, "rare": pictures}))
    split = make_split(dataset, SplitSettings())
    rare = sorted(side for i, side in side_of(split).items() if dataset.pictures[i].label == "rare")
    assert rare == sides
    assert split.notes == ((note,) if note else ())


def test_copies_stay_together_and_conflicts_are_told() -> None:
    rows: list[Row] = [("same", "cat", None)] * 8 + [("same", "dog", None)] + distinct({"cat": 20, "dog": 20})
    dataset = dataset_of(rows)
    for seed in range(20):
        split = make_split(dataset, SplitSettings(seed=seed))
        assert_sound(dataset, split)
    assert "9 pictures are copies of 1 file: copies stay on one side." in split.notes
    assert any("more than one class" in note and "dog/8.png" in note for note in split.notes)


def test_given_folders_are_followed() -> None:
    rows: list[Row] = [("a", "cat", "train"), ("b", "cat", "valid"), ("c", "cat", "test")]
    split = make_split(dataset_of(rows), SplitSettings())
    assert (split.train, split.valid, split.test) == ((0,), (1,), (2,))
    assert split.notes == ("The split follows the folders of the data.",)


def test_leaks_between_given_folders_move_to_the_training_side() -> None:
    rows: list[Row] = [
        ("a", "cat", "train"),
        ("a", "cat", "test"),
        ("b", "cat", "valid"),
        ("b", "cat", "test"),
        ("c", "cat", "test"),
    ]
    split = make_split(dataset_of(rows), SplitSettings())
    assert (split.train, split.valid, split.test) == ((0, 1), (2, 3), (4,))
    assert "1 pictures in test were also in train: they moved to train, against leakage." in split.notes
    assert "1 pictures in test were also in valid: they moved to valid, against leakage." in split.notes


def test_without_a_validation_folder_it_is_drawn_from_training() -> None:
    rows: list[Row] = [(f"t{i}", "cat", "train") for i in range(20)] + [
        (f"x{i}", "cat", "test") for i in range(7)
    ]
    split = make_split(dataset_of(rows), SplitSettings(valid=0.25))
    assert (len(split.train), len(split.valid)) == (15, 5)
    assert split.test == tuple(range(20, 27))
    assert any("drawn from the training pictures" in note for note in split.notes)


def test_given_folders_can_be_set_aside() -> None:
    rows: list[Row] = [(f"t{i}", "cat", "train") for i in range(10)] + [
        (f"x{i}", "cat", "valid") for i in range(10)
    ]
    split = make_split(dataset_of(rows), SplitSettings(keep_given=False))
    assert (len(split.train), len(split.valid), len(split.test)) == (14, 3, 3)


def test_a_missing_test_folder_is_no_fault_of_every_class() -> None:
    rows: list[Row] = [("a", "cat", "train"), ("b", "cat", "valid")]
    assert make_split(dataset_of(rows), SplitSettings()).notes == (
        "The split follows the folders of the data.",
    )


rows = st.lists(
    st.tuples(
        st.sampled_from("abcdefghij"),
        st.sampled_from(["cat", "dog", "eel"]),
        st.sampled_from(["train", "valid", "test"]),
    ),
    min_size=1,
    max_size=40,
)
settings = st.builds(
    SplitSettings,
    valid=st.floats(0.01, 0.45),
    test=st.floats(0, 0.45),
    seed=st.integers(0, 9),
    keep_given=st.booleans(),
)


@given(rows, st.booleans(), settings)
def test_any_split_is_sound(rows: list[Row], given_folders: bool, settings: SplitSettings) -> None:
    if not given_folders:
        rows = [(key, label, None) for key, label, _ in rows]
    dataset = dataset_of(rows)
    split = make_split(dataset, settings)
    assert_sound(dataset, split)
    if not (given_folders and settings.keep_given):
        assert split.train
    assert split == make_split(dataset, settings)


def test_saved_splits_come_back_and_the_last_is_current(tmp_path: Path) -> None:
    dataset = dataset_of(distinct({"cat": 30, "dog": 30}), tmp_path)
    first, second = (make_split(dataset, SplitSettings(seed=seed)) for seed in (1, 2))
    save_split(dataset, first)
    save_split(dataset, second)
    assert load_split(dataset, first.id) == first
    assert current_split(dataset) == second


def test_damaged_splits_are_named(tmp_path: Path) -> None:
    dataset = dataset_of(distinct({"cat": 30}), tmp_path)
    split = make_split(dataset, SplitSettings())
    with pytest.raises(DatasetError, match=r"split\.json"):
        current_split(dataset)
    save_split(dataset, split)
    path = tmp_path / "splits" / f"{split.id}.json"
    content = json.loads(path.read_text())
    for damaged in ("{", json.dumps(content | {"train": [0]}), json.dumps(content | {"train": [99_999]})):
        path.write_text(damaged)
        with pytest.raises(DatasetError, match=split.id):
            load_split(dataset, split.id)
    with pytest.raises(WorkbenchError, match="not an id"):
        load_split(dataset, "../manifest")


def test_a_split_of_other_pictures_is_refused(tmp_path: Path) -> None:
    dataset = dataset_of(distinct({"cat": 30}), tmp_path)
    split = make_split(dataset, SplitSettings())
    save_split(dataset, split)
    other = dataclasses.replace(dataset, pictures=tuple(reversed(dataset.pictures)))
    with pytest.raises(DatasetError, match="missing or damaged"):
        load_split(other, split.id)


@pytest.mark.parametrize(("valid", "test"), [(0, 0.1), (0.9, 0), (0.5, 0.5), (0.1, -0.1)])
def test_impossible_shares(valid: float, test: float) -> None:
    with pytest.raises(ConfigError, match="too little on one side"):
        SplitSettings(valid=valid, test=test)


def test_fewer_pictures_to_learn_from_are_another_split_with_the_same_test(digits: Dataset) -> None:
    split = current_split(digits)
    fewer = with_training(digits, split, split.train[5::-1])
    assert fewer.train == split.train[:6]
    assert (fewer.valid, fewer.test, fewer.settings) == (split.valid, split.test, split.settings)
    assert fewer.id != split.id
    keep_split(digits, fewer)
    assert load_split(digits, fewer.id) == fewer
    assert current_split(digits) == split
    assert with_training(digits, fewer, split.train) == split
