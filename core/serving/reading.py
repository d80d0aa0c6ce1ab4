"""Picture files as a network receives them: decoded in threads ahead of their use, batch by batch."""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.dataset import Rejected
from core.data.folder_layout import shown
from core.data.parallel import StopCheck, in_threads
from core.errors import PictureRejected
from core.serving.predicts import Predicts
from core.training.evaluation_batch import evaluation_batch
from core.training.prefetch import ahead

AHEAD = 2  # batches
LARGEST = (
    32  # pictures in a batch: files take longer than networks, and progress and a stop are heard between
)


class Read(NamedTuple):
    """The file at `position` is a picture: its SHA-256, and what the network receives, uint8 (H, W, C)."""

    position: int
    key: str
    received: np.ndarray


def read_batches(
    model: Predicts, files: Sequence[tuple[str, Path]], rejected: list[Rejected], should_stop: StopCheck
) -> Generator[list[Read], None, None]:
    """The pictures among `files` (name, path) in their order; what is none is told to `rejected`.

    Close it to end its threads. A few batches are in memory at a time.

    Raises:
        Cancelled: `should_stop` said so.
    """
    return ahead(_batches(model, files, rejected, should_stop), AHEAD)


def _batches(
    model: Predicts, files: Sequence[tuple[str, Path]], rejected: list[Rejected], should_stop: StopCheck
) -> Iterator[list[Read]]:
    def read(position: int) -> Read | Rejected:
        name, path = files[position]
        try:
            received = model.read(path)
            with path.open("rb") as file:
                return Read(position, hashlib.file_digest(file, "sha256").hexdigest(), received)
        except PictureRejected as rejection:
            reason = str(rejection).removesuffix(rejection.fix).strip()
            return Rejected(shown(name), reason, rejection.fix)

    def readable(pairs: Iterator[tuple[int, Read | Rejected]]) -> Iterator[Read]:
        for _, outcome in pairs:
            if isinstance(outcome, Rejected):
                rejected.append(outcome)
            else:
                yield outcome

    with closing(in_threads(read, range(len(files)), should_stop=should_stop)) as pairs:
        pictures, size = readable(pairs), min(evaluation_batch(model.shape[1:], "cpu"), LARGEST)
        while batch := list(islice(pictures, size)):
            yield batch
