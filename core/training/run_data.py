"""The pictures of a run, by split, ready to be read. No torch: decoding needn't wait for its import."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.data.dataset import Dataset, load_dataset
from core.data.parallel import Progress, StopCheck, never
from core.data.pixel_cache import open_pixel_cache
from core.data.receives import Receives
from core.data.splitting import Split, check_trainable, load_split
from core.errors import DatasetError
from core.workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor


class RunPictures(Protocol):
    """What of a run's settings decides its pictures."""

    @property
    def dataset_id(self) -> str: ...
    @property
    def split_id(self) -> str: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def without(self) -> tuple[str, ...]: ...
    @property
    def preprocessing(self) -> Receives: ...


class PixelSource(Protocol):
    """Where uint8 pixels (B, H, W, C) of rows are read, as from core.data.pixel_rows.PixelRows."""

    def read(self, rows: Sequence[int] | np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class LabeledPictures:
    """Pictures `rows` of a pixel cache with the class index of each.

    `on_device`, uint8 (N, H, W, C), holds the same pictures in the memory of the device that trains.
    """

    pixels: PixelSource
    rows: np.ndarray
    labels: np.ndarray
    on_device: "Tensor | None" = None

    def __len__(self) -> int:
        return len(self.rows)

    def every(self, step: int, *, start: int) -> "LabeledPictures":
        """Every `step`-th of them, from number `start` on."""
        chosen = slice(start, None, step)
        return replace(
            self,
            rows=self.rows[chosen],
            labels=self.labels[chosen],
            on_device=None if self.on_device is None else self.on_device[chosen],
        )


@dataclass(frozen=True)
class RunData:
    """The pictures of a run, by split."""

    dataset: Dataset
    split: Split
    train: LabeledPictures
    valid: LabeledPictures
    test: LabeledPictures


def open_run_data(
    workspace: Workspace,
    config: RunPictures,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> RunData:
    """The pictures of a run, decoded once into the pixel cache.

    Raises:
        DatasetError: the data set is not the one that the run was made for.
        PicturesLost: pictures can't be read any more, and the run wasn't told to go on without them.
        ConfigError: there is nothing to train or to validate on.
        Cancelled: stopped while decoding.
    """
    dataset = load_dataset(workspace, config.dataset_id)
    if dataset.classes != config.classes:
        raise DatasetError(
            f"The classes of data set {dataset.name} have changed since this run was made.",
            expected=", ".join(config.classes),
            found=", ".join(dataset.classes),
            fix="Start a new run.",
        )
    split = load_split(dataset, config.split_id)
    check_trainable(split)
    pixels = open_pixel_cache(
        workspace,
        dataset,
        config.preprocessing,
        on_progress=on_progress,
        should_stop=should_stop,
        without=config.without,
    ).rows
    labels = np.asarray(dataset.labels(), dtype=np.int64)
    left_out = set(config.without)

    def pictures(rows: tuple[int, ...]) -> LabeledPictures:
        chosen = [row for row in rows if dataset.pictures[row].key not in left_out]
        return LabeledPictures(pixels, np.asarray(chosen, dtype=np.int64), labels[chosen])

    return RunData(dataset, split, pictures(split.train), pictures(split.valid), pictures(split.test))
