"""What a data set looks like in numbers: balance, sizes, modes, formats, and copies with what they spoil."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from core.data.dataset import Dataset
from core.data.splitting import SIDES, Split


@dataclass(frozen=True)
class ClassCount:
    """Pictures of one class, in all and a side of the split."""

    label: str
    pictures: int
    train: int
    valid: int
    test: int


@dataclass(frozen=True)
class SizeCount:
    """How many pictures are `width` x `height` pixels."""

    width: int
    height: int
    pictures: int


@dataclass(frozen=True)
class CopyGroup:
    """Pictures that are one and the same file, as indices into `Dataset.pictures`.

    `labels` are their classes: more than one is a conflict. `given_splits` are the sides on which the folders
    of the data put them: more than one is leakage.
    """

    key: str
    indices: tuple[int, ...]
    labels: tuple[str, ...]
    given_splits: tuple[str, ...]

    @property
    def conflicts(self) -> bool:
        return len(self.labels) > 1

    @property
    def leaks(self) -> bool:
        return len(self.given_splits) > 1


@dataclass(frozen=True)
class DatasetReport:
    """Sizes, modes and formats are sorted by frequency; `imbalance` is the largest to the smallest class."""

    classes: tuple[ClassCount, ...]
    sizes: tuple[SizeCount, ...]
    modes: tuple[tuple[str, int], ...]
    formats: tuple[tuple[str, int], ...]
    copies: tuple[CopyGroup, ...]
    imbalance: float

    @property
    def conflicts(self) -> tuple[CopyGroup, ...]:
        return tuple(group for group in self.copies if group.conflicts)

    @property
    def leaks(self) -> tuple[CopyGroup, ...]:
        return tuple(group for group in self.copies if group.leaks)


def describe(dataset: Dataset, split: Split) -> DatasetReport:
    """The report of `dataset` as `split` divides it."""
    pictures = dataset.pictures
    classes = _class_counts(dataset, split)
    totals = [row.pictures for row in classes]
    sizes = Counter((picture.width, picture.height) for picture in pictures)
    return DatasetReport(
        classes=classes,
        sizes=tuple(SizeCount(width, height, n) for (width, height), n in sizes.most_common()),
        modes=tuple(Counter(picture.mode for picture in pictures).most_common()),
        formats=tuple(Counter(picture.format for picture in pictures).most_common()),
        copies=_copies(dataset),
        imbalance=max(totals) / min(totals),
    )


def _class_counts(dataset: Dataset, split: Split) -> tuple[ClassCount, ...]:
    of_side = {
        side: Counter(dataset.pictures[index].label for index in indices)
        for side, indices in zip(SIDES, (split.train, split.valid, split.test), strict=True)
    }
    total = Counter(picture.label for picture in dataset.pictures)
    return tuple(
        ClassCount(label, total[label], *(of_side[side][label] for side in SIDES))
        for label in dataset.classes
    )


def _copies(dataset: Dataset) -> tuple[CopyGroup, ...]:
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for index, picture in enumerate(dataset.pictures):
        by_key[picture.key].append(index)
    groups = []
    for key, indices in by_key.items():
        if len(indices) > 1:
            members = [dataset.pictures[index] for index in indices]
            labels = sorted({picture.label for picture in members})
            given = {picture.given_split for picture in members}
            splits = tuple(side for side in SIDES if side in given)
            groups.append(CopyGroup(key, tuple(indices), tuple(labels), splits))
    return tuple(groups)
