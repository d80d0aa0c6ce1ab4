"""What TensorBoard itself reads in the event files of a run."""

from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.training.event_files import EventFiles
from core.training.history import EpochRecord
from core.training.stopwatch import Phase

PHASES = {str(phase): 0.5 for phase in Phase}
TAGS = {
    "loss/train",
    "loss/validation",
    "accuracy/train",
    "accuracy/validation",
    "learning_rate",
    "speed/pictures_per_second",
    "speed/seconds",
    "gradient_norm",
    "memory/megabytes",
    *(f"time/{phase}" for phase in Phase),
}


def record(epoch: int) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        train_loss=1 / epoch,
        train_accuracy=0.5,
        valid_loss=2 / epoch,
        valid_accuracy=0.25,
        learning_rate=1e-3,
        seconds=2.5,
        pictures_per_second=120.0,
        is_best=True,
        gradient_norm=3.0,
        memory=250_000_000,
        phases=PHASES,
    )


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values by tag."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]
    }


def test_tensorboard_reads_every_number_of_every_epoch(tmp_path: Path) -> None:
    files = EventFiles(tmp_path / "tensorboard", [])
    for epoch in (1, 2, 3):
        files.add(record(epoch))
    files.close()
    found = read(tmp_path / "tensorboard")
    assert set(found) == TAGS
    assert found["loss/train"] == [(epoch, pytest.approx(1 / epoch)) for epoch in (1, 2, 3)]
    assert found["loss/validation"] == [(epoch, pytest.approx(2 / epoch)) for epoch in (1, 2, 3)]
    last = {tag: values[-1] for tag, values in found.items()}
    assert last["accuracy/train"] == (3, 0.5)
    assert last["accuracy/validation"] == (3, 0.25)
    assert last["learning_rate"] == (3, pytest.approx(1e-3))
    assert last["speed/pictures_per_second"] == (3, 120)
    assert last["speed/seconds"] == (3, 2.5)
    assert last["gradient_norm"] == (3, 3)
    assert last["memory/megabytes"] == (3, 250)
    assert all(last[f"time/{phase}"] == (3, 0.5) for phase in Phase)


def test_a_resumed_run_has_each_of_its_epochs_once(tmp_path: Path) -> None:
    """Also one whose last epoch was told but is not in the checkpoint, and is done again."""
    cut = EventFiles(tmp_path / "tensorboard", [])
    for epoch in (1, 2, 3):
        cut.add(record(epoch))
    cut.close()
    [file] = (tmp_path / "tensorboard").iterdir()
    file.rename(file.with_name("events.out.tfevents.1700000000.an-hour-ago"))
    resumed = EventFiles(tmp_path / "tensorboard", [record(1), record(2)])
    resumed.add(replace(record(3), train_loss=7.0))
    resumed.add(record(4))
    resumed.close()
    found = read(tmp_path / "tensorboard")
    assert all([step for step, _ in values] == [1, 2, 3, 4] for values in found.values())
    assert found["loss/train"][2] == (3, 7)


def test_what_an_earlier_version_did_not_record_is_left_out(tmp_path: Path) -> None:
    old = replace(record(1), gradient_norm=None, memory=None, phases={})
    EventFiles(tmp_path / "tensorboard", [old]).close()
    assert set(read(tmp_path / "tensorboard")) == {
        tag for tag in TAGS if not tag.startswith(("gradient", "memory", "time"))
    }


@pytest.mark.timeout(30)
def test_a_full_disk_is_an_error_at_once_and_never_a_wait(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    files = EventFiles(tmp_path / "tensorboard", [])
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))
    try:
        for epoch in range(1, 100):
            try:
                files.add(record(epoch))
            except OSError:
                break
        files.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 2 < epoch < 99
    values = read(tmp_path / "tensorboard")["loss/train"]
    assert [step for step, _ in values][: epoch - 1] == list(range(1, epoch))
