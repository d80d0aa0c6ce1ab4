"""TensorBoard's event files of a run, so that `tensorboard --logdir` opens it beside the app's own curves."""

import contextlib
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.summary import scalar

from core.training.history import EpochRecord


class EventFiles:
    """Scalars an epoch in `folder`, which is written anew: a resumed run has each of its epochs once.

    tensorboardX's `SummaryWriter` writes in a thread: a full disk ends that one, and then the run waits for
    it without end. So its parts are used here without the thread, and a full disk is an OSError.
    """

    def __init__(self, folder: Path, history: Iterable[EpochRecord]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"))
        for record in history:
            self.add(record)

    def add(self, record: EpochRecord) -> None:
        for tag, value in scalars(record):
            event = Event(wall_time=time.time(), step=record.epoch, summary=scalar(tag, value))
            self._writer.write_event(event)
        self._writer.flush()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what a full disk didn't take was told by `add`
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
