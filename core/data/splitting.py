"""Which pictures train, which validate, which test: stratified, seeded, and copies never apart."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.dataset import Dataset, Picture
from core.errors import ConfigError, DatasetError
from core.records import from_json, to_json
from core.workspace import folder_of, read_json, write_json

SIDES = ("train", "valid", "test")
POINTER = "split.json"
FOLDER = "splits"

Copies = tuple[int, ...]  # indices of all pictures that are one and the same file


@dataclass(frozen=True)
class SplitSettings:
    """Shares of each class; `keep_given` follows the train/valid/test folders where the data has them."""

    valid: float = 0.15
    test: float = 0.15
    seed: int = 0
    keep_given: bool = True

    def __post_init__(self) -> None:
        if not (0 < self.valid <= 0.8 and 0 <= self.test <= 0.8 and self.valid + self.test <= 0.9):
            raise ConfigError(
                "These shares leave too little on one side.",
                expected="validation above 0, and at least 10 % left to train on",
                found=f"{self.valid:.0%} validation, {self.test:.0%} test",
                fix="15 % each is usual.",
            )
        if not 0 <= self.seed < 2**31:
            raise ConfigError(
                "The seed is out of range.",
                expected="0 to 2147483647",
                found=str(self.seed),
                fix="Choose a number within it.",
            )


@dataclass(frozen=True)
class Split:
    """Indices into `Dataset.pictures`, each on one side. `id` comes from the content: same split, same id."""

    id: str
    settings: SplitSettings
    train: tuple[int, ...]
    valid: tuple[int, ...]
    test: tuple[int, ...]
    notes: tuple[str, ...] = ()


def make_split(dataset: Dataset, settings: SplitSettings) -> Split:
    """Split `dataset`. What had to give way (small classes, copies, leaks) is said in the notes."""
    groups = _groups(dataset.pictures)
    given = _given_sides(dataset.pictures, groups) if settings.keep_given else {}
    generator = random.Random(settings.seed)
    notes = _copy_notes(dataset.pictures, groups)
    expected = set(SIDES) if settings.test else {"train", "valid"}
    if {"train", "valid"} <= set(given.values()):
        side_of = given
        expected = set(given.values())
        notes += _given_notes(dataset.pictures, given)
    elif {"train", "test"} <= set(given.values()):
        train = [group for group in groups if given[group] == "train"]
        carved = SplitSettings(settings.valid, 0, settings.seed)
        side_of = given | _stratified(dataset.pictures, train, carved, generator)
        notes += _given_notes(dataset.pictures, given)
        notes.append("The folders give no validation set: it was drawn from the training pictures.")
    else:
        side_of = _stratified(dataset.pictures, groups, settings, generator)
    notes += _class_notes(dataset, side_of, expected)
    sides = {side: tuple(sorted(i for g, s in side_of.items() if s == side for i in g)) for side in SIDES}
    identity = _identity(dataset, sides)
    return Split(identity, settings, sides["train"], sides["valid"], sides["test"], tuple(notes))


def with_training(dataset: Dataset, split: Split, train: Sequence[int]) -> Split:
    """`split` with only the pictures `train` to learn from; validation and test stay the same."""
    sides = {"train": tuple(sorted(train)), "valid": split.valid, "test": split.test}
    return replace(split, id=_identity(dataset, sides), train=sides["train"])


def save_split(dataset: Dataset, split: Split) -> None:
    """Keep `split` for ever under its id, and make it the current one."""
    keep_split(dataset, split)
    write_json(dataset.folder / POINTER, {"id": split.id})


def keep_split(dataset: Dataset, split: Split) -> None:
    """Keep `split` for ever under its id, beside the current one."""
    folder = dataset.folder / FOLDER
    folder.mkdir(exist_ok=True)
    write_json(folder / f"{split.id}.json", to_json(split))


def split_file(folder: Path, split_id: str) -> Path:
    """Where the split of that id is kept, of the data set in `folder`."""
    return folder_of(folder / FOLDER, split_id).with_suffix(".json")


def load_split(dataset: Dataset, split_id: str) -> Split:
    """The split of that id.

    Raises:
        DatasetError: there is none, or it is damaged or belongs to other pictures.
    """
    path = split_file(dataset.folder, split_id)
    try:
        split = from_json(Split, read_json(path))
        sides = {"train": split.train, "valid": split.valid, "test": split.test}
        if split.id != split_id or _identity(dataset, sides) != split_id:
            raise ValueError("the content doesn't fit the id")
    except (OSError, ValueError, IndexError, ConfigError) as error:
        raise _damaged(path) from error
    return split


def current_split(dataset: Dataset) -> Split:
    """The split that was saved last."""
    path = dataset.folder / POINTER
    try:
        split_id = str(read_json(path)["id"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    return load_split(dataset, split_id)


def check_trainable(split: Split) -> None:
    """Refuse a split that leaves nothing to learn from, or nothing to validate on.

    Raises:
        ConfigError: with the way out.
    """
    for rows, purpose in ((split.train, "learn from"), (split.valid, "validate on")):
        if not rows:
            raise ConfigError(
                f"There is no picture to {purpose}.",
                fix="Choose another split on the Datasets page, or bring more pictures of each class.",
            )


def _identity(dataset: Dataset, sides: dict[str, tuple[int, ...]]) -> str:
    digest = hashlib.sha256()
    for side in SIDES:
        digest.update(side.encode())
        for index in sides[side]:
            digest.update(f"{index}:{dataset.pictures[index].key};".encode())
    return "s-" + digest.hexdigest()[:12]


def _groups(pictures: Sequence[Picture]) -> list[Copies]:
    """All indices, copies of one file together."""
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for index, picture in enumerate(pictures):
        by_key[picture.key].append(index)
    return [tuple(indices) for indices in by_key.values()]


def _given_sides(pictures: Sequence[Picture], groups: Iterable[Copies]) -> dict[Copies, str]:
    """The side that the folders gave each group: train if any copy lies there, else valid, else test.

    Empty if some picture lies outside such folders: then the folders gave no split.
    """
    sides = {}
    for group in groups:
        given = {pictures[index].given_split for index in group}
        if None in given:
            return {}
        sides[group] = next(side for side in SIDES if side in given)
    return sides


def _stratified(
    pictures: Sequence[Picture], groups: Iterable[Copies], settings: SplitSettings, generator: random.Random
) -> dict[Copies, str]:
    by_class: defaultdict[str, list[Copies]] = defaultdict(list)
    for group in groups:
        by_class[pictures[group[0]].label].append(group)
    side_of: dict[Copies, str] = {}
    for label in sorted(by_class):
        members = by_class[label]
        generator.shuffle(members)
        side_of |= _sides_of_class(members, settings)
    return side_of


def _sides_of_class(members: list[Copies], settings: SplitSettings) -> dict[Copies, str]:
    """Fill validation and test up to their shares, at least one file each where there are enough."""
    pictures = sum(len(group) for group in members)
    spare = len(members) - 1  # one file must be left to train on
    sides: dict[Copies, str] = {}
    left = list(members)
    for side, share, enough in (("valid", settings.valid, spare >= 1), ("test", settings.test, spare >= 2)):
        wanted = max(1, round(share * pictures)) if share > 0 and enough else 0
        taken = 0
        for group in list(left):
            if len(left) == 1 or taken >= wanted:
                break
            if taken == 0 or taken + len(group) <= wanted:
                sides[group] = side
                left.remove(group)
                taken += len(group)
    return sides | dict.fromkeys(left, "train")


def _copy_notes(pictures: Sequence[Picture], groups: Iterable[Copies]) -> list[str]:
    several = [group for group in groups if len(group) > 1]
    conflicts = [group for group in several if len({pictures[i].label for i in group}) > 1]
    notes = []
    if several:
        copies = sum(len(group) for group in several)
        notes.append(f"{copies:,} pictures are copies of {_files(len(several))}: copies stay on one side.")
    if conflicts:
        a, *_, b = sorted(conflicts[0], key=lambda i: pictures[i].label)
        lie = "lies" if len(conflicts) == 1 else "lie"
        notes.append(
            f"{_files(len(conflicts))} {lie} in more than one class, such as {pictures[a].name} and "
            f"{pictures[b].name}: one of the labels is wrong."
        )
    return notes


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def _given_notes(pictures: Sequence[Picture], given: dict[Copies, str]) -> list[str]:
    moved = Counter(
        (str(pictures[index].given_split), side)
        for group, side in given.items()
        for index in group
        if pictures[index].given_split != side
    )
    notes = ["The split follows the folders of the data."]
    for (source, side), count in sorted(moved.items()):
        notes.append(
            f"{count:,} pictures in {source} were also in {side}: they moved to {side}, against leakage."
        )
    return notes


def _class_notes(dataset: Dataset, side_of: dict[Copies, str], expected: set[str]) -> list[str]:
    counts: Counter[tuple[str, str]] = Counter(
        (side, dataset.pictures[index].label) for group, side in side_of.items() for index in group
    )
    words = {"train": "training", "valid": "validation", "test": "test"}
    notes = []
    for label in dataset.classes:
        if missing := [words[side] for side in SIDES if side in expected and not counts[side, label]]:
            total = sum(counts[side, label] for side in SIDES)
            noun = "picture" if total == 1 else "pictures"
            notes.append(f"Class {label} has {total} {noun}: none of them for {' or '.join(missing)}.")
    return notes


def _damaged(path: Path) -> DatasetError:
    return DatasetError(
        f"The split {path.name} is missing or damaged.",
        fix="Make a new split on the Datasets page, and start new runs on it.",
    )
