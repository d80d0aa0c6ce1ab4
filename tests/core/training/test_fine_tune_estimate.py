from dataclasses import replace

import pytest

import core.training.fine_tune_estimate as fine_tune_estimate
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.errors import ConfigError
from core.models.outline import Outline, outline_of
from core.models.saved_model import SavedFineTuned
from core.records import to_json
from core.training import frozen_disk
from core.training.config import Precision
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_estimate import FineTuneEstimate, estimate_fine_tuning
from core.training.fine_tune_files import frozen_numbers_file
from core.training.fine_tune_memory import fine_tune_memory
from core.training.fine_tune_run import train_fine_tuned
from core.training.fine_tune_trial import run_fine_tune_trial
from core.training.frozen_numbers import Numbers
from core.workspace import Workspace, write_json
from tests.fine_tuning import FEW, small_fine_tuning


def outline(config: FineTuneConfig) -> Outline:
    saved = SavedFineTuned(config.backbone, config.head, config.preprocessing, config.classes, False)
    return outline_of(saved)


def estimate(workspace: Workspace, config: FineTuneConfig, dataset: Dataset) -> FineTuneEstimate:
    return estimate_fine_tuning(workspace, config, outline(config), dataset, current_split(dataset), "cpu")


def test_passes_and_bytes_of_a_head(workspace: Workspace, few_digits: Dataset) -> None:
    split = current_split(few_digits)
    config = small_fine_tuning(few_digits, epochs=10)
    found = estimate(workspace, config, few_digits)
    assert found.passes == FEW
    assert found.otherwise == 10 * (len(split.train) + len(split.valid)) + len(split.test)
    assert found.rows == FEW * 1280 * 4
    assert found.has_room
    assert found.frozen_seconds is None
    views = replace(config, augmentation=Augmentation(horizontal_flip=True), views=3)
    assert estimate(workspace, views, few_digits).passes == FEW + 2 * len(split.train)


def test_a_measured_backbone_tells_numbers_and_time(workspace: Workspace, few_digits: Dataset) -> None:
    config = small_fine_tuning(few_digits, precision=Precision.AUTO)
    stored = frozen_numbers_file(workspace, config, 1, "cpu")
    stored.parent.mkdir(parents=True)
    write_json(stored, to_json(Numbers(Precision.BFLOAT16, {"float32": 4000, "bfloat16": 2000}, 8)))
    found = estimate(workspace, config, few_digits)
    learned = len(current_split(few_digits).train)
    assert found.rows == 1280 * (2 * learned + 4 * (FEW - learned))
    assert found.frozen_seconds == pytest.approx(0.25 * learned + 0.5 * (FEW - learned))


def test_more_memory_for_more_that_trains_and_larger_batches(few_digits: Dataset) -> None:
    def memory(**settings) -> int:
        config = small_fine_tuning(few_digits, **settings)
        return fine_tune_memory(config, outline(config)).total

    head = memory()
    assert head < memory(trains=Trains.BLOCKS, batch_size=256) < memory(trains=Trains.ALL, batch_size=256)
    assert head < memory(trains=Trains.ALL, batch_size=32) < memory(trains=Trains.ALL, batch_size=64)


def test_a_run_that_the_memory_can_t_hold_says_so(
    workspace: Workspace, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_estimate, "free_memory", lambda: 100_000_000)
    with pytest.raises(ConfigError, match=r"doesn't fit into the memory.*let fewer blocks train"):
        estimate(workspace, small_fine_tuning(few_digits), few_digits)


@pytest.mark.slow
@pytest.mark.parametrize("trains", [Trains.HEAD, Trains.BLOCKS])
def test_a_trial_tells_time_and_memory(workspace: Workspace, few_digits: Dataset, trains: Trains) -> None:
    config = small_fine_tuning(few_digits, trains=trains, precision=Precision.AUTO, batch_size=4)
    before = estimate(workspace, config, few_digits)
    assert not before.is_measured
    assert before.frozen_seconds is None
    said: list[str] = []
    trial = run_fine_tune_trial(workspace, config, "cpu", on_progress=lambda *told: said.append(told[2]))
    assert said[-1] == "learning from ten batches"
    after, split = estimate(workspace, config, few_digits), current_split(few_digits)
    assert after.epoch_seconds == pytest.approx(
        len(split.train) * trial.seconds_a_picture + len(split.valid) * trial.validation_seconds_a_picture
    )
    assert after.epoch_seconds > 0
    assert after.memory == trial.memory
    assert after.frozen_seconds is not None
    assert after.frozen_seconds > 0
    other = replace(config, trains=Trains.ALL)
    assert not estimate(workspace, other, few_digits).is_measured


def test_nothing_is_frozen_where_all_trains(workspace: Workspace, few_digits: Dataset) -> None:
    found = estimate(workspace, small_fine_tuning(few_digits, trains=Trains.ALL), few_digits)
    assert (found.passes, found.otherwise, found.rows) == (0, 0, 0)


def test_rows_without_room_are_told(
    workspace: Workspace, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen_disk, "MOST", FEW * 1280 * 4 - 1)
    found = estimate(workspace, small_fine_tuning(few_digits), few_digits)
    assert not found.has_room
    assert found.passes == found.otherwise
    monkeypatch.setattr(frozen_disk, "MOST", FEW * 1280 * 4)
    assert estimate(workspace, small_fine_tuning(few_digits), few_digits).has_room


def test_a_full_disk_is_refused(
    workspace: Workspace, few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_estimate, "free_disk", lambda folder: 10_000_000)
    with pytest.raises(ConfigError, match="doesn't fit onto the disk"):
        estimate(workspace, small_fine_tuning(few_digits), few_digits)


@pytest.mark.slow
@pytest.mark.parametrize("trains", [Trains.HEAD, Trains.BLOCKS])
def test_the_disk_is_what_a_run_takes(workspace: Workspace, few_digits: Dataset, trains: Trains) -> None:
    config = small_fine_tuning(few_digits, trains=trains)
    expected = estimate(workspace, config, few_digits).disk
    folder = workspace.runs / "run"
    folder.mkdir()
    train_fine_tuned(workspace, config, folder)
    files = [*folder.rglob("*"), *(workspace.caches / "pixels").glob("*.u8")]
    files += (workspace.caches / "frozen").glob("*.rows")
    taken = sum(file.stat().st_size for file in files if file.is_file())
    assert expected == pytest.approx(taken, rel=0.05)
