"""The pictures of a data set that excite each channel of a layer most, and the place in them that does."""

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.data.dataset import Dataset, Picture
from core.data.parallel import Progress, StopCheck, in_threads
from core.errors import PictureRejected
from core.insight.recording import maps_of, record
from core.insight.subject import Subject

BEST = 9  # pictures a channel
BATCH = 16


@dataclass(frozen=True)
class Excitation:
    """For each channel its `BEST` pictures at most, the most exciting first, each picture once.

    `values` (C, K) are the greatest values of the channel's map, `pictures` (C, K) the indices into the data
    set and `places` (C, K, 2) the row and the column of that value. `low` and `high` (C,) are the least and
    the greatest value over all `seen` pictures, `zeros` (C,) the share of zeros.
    """

    values: np.ndarray
    pictures: np.ndarray
    places: np.ndarray
    low: np.ndarray
    high: np.ndarray
    zeros: np.ndarray
    seen: int

    @property
    def dead(self) -> np.ndarray:
        """The channels (indices) that put out nothing but 0 for all pictures."""
        return np.flatnonzero((self.low == 0) & (self.high == 0))


def sample_of(dataset: Dataset, most: int) -> list[int]:
    """At most `most` pictures, drawn from all of them, always the same ones."""
    everything = range(len(dataset.pictures))
    return list(everything) if most >= len(everything) else sorted(random.Random(0).sample(everything, most))


def excite(
    subject: Subject,
    dataset: Dataset,
    indices: Sequence[int],
    row: int,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = lambda: False,
) -> Excitation:
    """Send the pictures `indices` of `dataset` through `subject` and watch the maps of `row`.

    Pictures that can't be read any more are passed over.

    Raises:
        Cancelled: `should_stop` said so.
    """
    watch = _Watch()
    reading = in_threads(
        lambda index: _received(subject, dataset, dataset.pictures[index]), indices, should_stop=should_stop
    )
    with closing(reading) as pairs:
        for done in range(0, len(indices), BATCH):
            read = [(index, pixels) for index, pixels in islice(pairs, BATCH) if pixels is not None]
            if read:
                recording = record(subject, subject.batch([pixels for _, pixels in read]), [row])
                watch.add([index for index, _ in read], maps_of(subject, recording, row))
            on_progress(min(done + BATCH, len(indices)), len(indices), "looking at the pictures")
    return watch.result()


def save_excitation(excitation: Excitation, path: Path) -> None:
    """Write it to `path`, whole or not at all."""
    temporary = path.with_name(f".{path.name}.partial.npz")
    np.savez(temporary, **vars(excitation))
    temporary.replace(path)


def load_excitation(path: Path) -> Excitation:
    """What `save_excitation` wrote; nothing in the file is executed."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return Excitation(**{**arrays, "seen": int(arrays["seen"])})


class _Watch:
    """The best so far."""

    def __init__(self) -> None:
        self._best: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._low = self._high = self._zeros = np.zeros(0)
        self._seen = 0

    def add(self, indices: Sequence[int], maps: np.ndarray) -> None:
        """Maps (B, C, H, W) of pictures `indices`."""
        batch, channels, _, width = maps.shape
        flat = maps.reshape(batch, channels, -1)
        peak = flat.argmax(2)
        values = np.take_along_axis(flat, peak[:, :, None], 2)[:, :, 0].T  # (C, B)
        places = np.stack([peak // width, peak % width], -1).transpose(1, 0, 2)
        pictures = np.broadcast_to(np.asarray(indices), (channels, batch))
        low, high, zeros = maps.min((0, 2, 3)), maps.max((0, 2, 3)), (maps == 0).mean((0, 2, 3))
        if self._best is None:
            self._best = (values[:, :0], pictures[:, :0], places[:, :0])
            self._low, self._high, self._zeros = low, high, np.zeros(channels)
        parts = (values, pictures, places)
        values, pictures, places = (np.concatenate(pair, 1) for pair in zip(self._best, parts, strict=True))
        order = np.argsort(-values, 1, kind="stable")[:, :BEST]
        self._best = (
            np.take_along_axis(values, order, 1),
            np.take_along_axis(pictures, order, 1),
            np.take_along_axis(places, order[:, :, None], 1),
        )
        self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        self._zeros = (self._zeros * self._seen + zeros * batch) / (self._seen + batch)
        self._seen += batch

    def result(self) -> Excitation:
        """What was seen; without any picture, of no channel."""
        if self._best is None:
            nothing = np.zeros((0, 0), int)
            return Excitation(
                np.zeros((0, 0)), nothing, nothing[:, :, None], self._low, self._high, self._zeros, 0
            )
        return Excitation(*self._best, self._low, self._high, self._zeros, self._seen)


def _received(subject: Subject, dataset: Dataset, picture: Picture) -> np.ndarray | None:
    try:
        return subject.read(dataset.path(picture))
    except PictureRejected:
        return None
