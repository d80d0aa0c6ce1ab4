"""TensorBoard's event files of a run, so that `tensorboard --logdir` opens it beside the app's own curves."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tensorboardX import SummaryWriter

from core.training.history import EpochRecord


class EventFiles:
    """Scalars an epoch in `folder`, which is written anew: a resumed run has each of its epochs once."""

    def __init__(self, folder: Path, history: Iterable[EpochRecord]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = SummaryWriter(str(folder), flush_secs=5)
        for record in history:
            self.add(record)

    def add(self, record: EpochRecord) -> None:
        for tag, value in scalars(record):
            self._writer.add_scalar(tag, value, record.epoch)

    def close(self) -> None:
        self._writer.close()


def scalars(record: EpochRecord) -> Iterator[tuple[str, float]]:
    """Tags in TensorBoard's groups, such as "loss/train"."""
    yield "loss/train", record.train_loss
    yield "loss/validation", record.valid_loss
    yield "accuracy/train", record.train_accuracy
    yield "accuracy/validation", record.valid_accuracy
    yield "learning_rate", record.learning_rate
    yield "speed/pictures_per_second", record.pictures_per_second
    yield "speed/seconds", record.seconds
    if record.gradient_norm is not None:
        yield "gradient_norm", record.gradient_norm
    if record.memory is not None:
        yield "memory/megabytes", record.memory / 1e6
    for phase, seconds in record.phases.items():
        yield f"time/{phase}", seconds
