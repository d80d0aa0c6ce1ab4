"""The outputs of a network's frozen part: computed once a picture, or once a view of it, and kept on disk.

A file holds one row a view of each picture of a data set, then one checksum a row (core/data/pixel_rows.py);
rows that no run has asked for yet are holes. A row counts once its checksum stands, so a process that is
killed loses the batch that it was at, and a row that rots is found out and computed anew.
"""

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.data.alone import alone
from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.parallel import Progress, StopCheck, unhurried
from core.data.pixel_cache import cache_key
from core.data.pixel_rows import ENTRY, PixelRows, entry_of
from core.data.receives import Receives
from core.errors import Cancelled
from core.records import to_json
from core.training.batches import Batcher, unit_range
from core.training.frozen_pass import batch_for, outputs_of, prepared
from core.training.frozen_rows import RowFormat
from core.training.run_data import PixelSource
from core.workspace import Workspace

VERSION = 1  # raise it when the same picture and weights give other rows than before
WORDS = "running the frozen part once a picture"
_UNUSED_AFTER = 30 * 24 * 3600  # seconds


@dataclass(frozen=True)
class Views:
    """How pictures are changed before they enter; each view draws from `seed`, the picture's content and its
    number, so it is the same whenever it is made. Without augmentation there is one view."""

    augmentation: Augmentation
    count: int
    seed: int

    @property
    def key(self) -> str:
        """All that decides what the views of a picture are."""
        return "plain" if self.augmentation.is_off else str(to_json(self))

    def of(self, unit: Tensor, draws: Sequence[int]) -> Tensor:
        """Pictures (B, C, H, W) in [0, 1], each changed by its own draws."""
        if self.augmentation.is_off:
            return unit
        changed = [
            augment(one, self.augmentation, torch.Generator().manual_seed(draw))
            for one, draw in zip(unit.split(1), draws, strict=True)
        ]
        return torch.cat(changed)

    def draw(self, key: str, view: int) -> int:
        """The seed of a view of the picture with this content."""
        return int(hashlib.sha256(f"{self.seed} {key} {view}".encode()).hexdigest()[:15], 16)


PLAIN = Views(Augmentation(), 1, 0)


class FrozenPrefix:
    """A frozen part on `device`, which makes rows of pictures; `weights` is the digest of its state dict."""

    def __init__(
        self, prefix: nn.Module, weights: str, receives: Receives, rows: RowFormat, device: torch.device
    ) -> None:
        self.weights, self.rows, self.receives, self.device = weights, rows, receives, device
        self._prefix, self._batcher = prefix, Batcher(receives, device)

    @cached_property
    def _prepared(self) -> nn.Module:
        """Made only where a row is missing."""
        return prepared(self._prefix.to(self.device), self.rows.precision)

    def outputs(self, pixels: np.ndarray, views: Views, draws: Sequence[int]) -> np.ndarray:
        """uint8 (B, H, W, C) as rows, uint8 (B, bytes)."""
        unit = unit_range(torch.from_numpy(pixels).to(self.device)).permute(0, 3, 1, 2)
        pictures = self._batcher.normalized(views.of(unit, draws).permute(0, 2, 3, 1))
        return self.rows.packed(outputs_of(self._prepared, pictures.to(self.rows.dtype)))


class FrozenStore:
    """The rows of `dataset`: row `i * views.count + v` is view v of `dataset.pictures[i]`."""

    def __init__(
        self,
        workspace: Workspace,
        dataset: Dataset,
        pixels: PixelSource,
        prefix: FrozenPrefix,
        cut: str,
        views: Views = PLAIN,
    ) -> None:
        self._dataset, self._pixels, self._prefix, self._views = dataset, pixels, prefix, views
        self._count = len(dataset.pictures) * views.count
        parts = (VERSION, cache_key(dataset, prefix.receives), prefix.receives, prefix.weights, cut)
        key = hashlib.sha256(repr((*parts, prefix.rows, prefix.device.type, views.key)).encode()).hexdigest()
        self.path = workspace.caches / "frozen" / f"{key[:24]}.rows"

    def ready(
        self, pictures: Sequence[int], on_progress: Progress, should_stop: StopCheck
    ) -> tuple[PixelRows, int]:
        """The rows of `pictures`, and how many were computed for it now; the others were there.

        Pictures go through in the same pieces whenever it is asked for the same ones, so that rows which are
        computed after an interruption are the same to the bit.

        Raises:
            Cancelled: `should_stop` said so between two pieces.
            PicturesLost: a picture can't be read any more.
            OSError: the disk is full; what is there stays.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with alone(self.path.with_suffix(".lock"), should_stop):
            if not self.path.exists():
                _tidy(self.path.parent)
            self.path.touch()
            with self.path.open("r+b") as file:
                file.truncate(self._count * (self._prefix.rows.bytes + ENTRY.itemsize))
            rows = self._open()
            computed = self._fill(rows, pictures, unhurried(on_progress), should_stop)
        return (self._open() if computed else rows), computed

    def _open(self) -> PixelRows:
        return PixelRows(self.path, (self._count, self._prefix.rows.bytes, 1, 1), self._made_anew)

    def _fill(
        self, rows: PixelRows, pictures: Sequence[int], report: Progress, should_stop: StopCheck
    ) -> int:
        wanted = [row * self._views.count + view for view in range(self._views.count) for row in pictures]
        lost = set(rows.lost())
        piece = batch_for(self._prefix.receives)
        pieces = [wanted[start : start + piece] for start in range(0, len(wanted), piece)]
        missing = [each for each in pieces if not lost.isdisjoint(each)]
        total, done = sum(map(len, missing)), 0
        if not missing:
            return 0
        report(0, total, WORDS)
        with self.path.open("r+b") as file:
            for each in missing:
                if should_stop():
                    raise Cancelled
                made = self._make(each)
                for row, values in zip(each, made, strict=True):
                    file.seek(row * self._prefix.rows.bytes)
                    file.write(values.tobytes())
                file.flush()
                for row, values in zip(each, made, strict=True):
                    file.seek(self._count * self._prefix.rows.bytes + row * ENTRY.itemsize)
                    file.write(np.array(entry_of(values), ENTRY).tobytes())
                done += len(each)
                report(done, total, WORDS)
        return total

    def _make(self, rows: Sequence[int]) -> np.ndarray:
        """Rows, uint8 (B, bytes)."""
        places = [divmod(row, self._views.count) for row in rows]
        draws = [self._views.draw(self._dataset.pictures[picture].key, view) for picture, view in places]
        pixels = self._pixels.read([picture for picture, _ in places])
        return self._prefix.outputs(pixels, self._views, draws)

    def _made_anew(self, row: int) -> np.ndarray:
        return self._make([row])[0].reshape(-1, 1, 1)


def _tidy(folder: Path) -> None:
    """Delete rows that nothing has asked for in a month."""
    for file in folder.glob("*.rows"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _UNUSED_AFTER:
                file.unlink()
