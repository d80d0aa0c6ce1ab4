import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.errors import Cancelled, ConfigError, DatasetError, LayerError, ModelFileError
from core.models.cnn_config import CnnConfig, ConvBlock, Pool
from core.training.batches import epoch_order
from core.training.checkpoint import CheckpointFolder
from core.training.cnn_run import CnnRunResult, train_cnn
from core.training.config import CnnRunConfig, Loss, Optimizer, Schedule
from core.training.divergence import LossNotFinite
from core.training.history import BatchProgress, EpochRecord, Hooks, Outcome
from core.training.predictions import load_predictions
from core.workspace import Workspace
from tests.digits import import_folder, small_run


@pytest.fixture
def train(workspace: Workspace, tmp_path: Path) -> Callable[..., CnnRunResult]:
    def run(config: CnnRunConfig, folder: str = "run", hooks: Hooks | None = None) -> CnnRunResult:
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        return train_cnn(workspace, config, path, hooks=hooks)

    return run


def numbers(record: EpochRecord) -> tuple[float, ...]:
    """What must not depend on how fast the machine is."""
    return (record.train_loss, record.train_accuracy, record.valid_loss, record.valid_accuracy)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state = CheckpointFolder(folder).load_last()
    assert state is not None
    return state["model"]


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_digits(digits: Dataset, train: Callable[..., CnnRunResult]) -> None:
    result = train(small_run(digits, epochs=6))
    history = result.outcome.history
    assert [record.epoch for record in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1].train_loss < history[0].train_loss / 2
    assert result.best is not None
    assert result.best.valid_accuracy > 0.85
    assert result.test_accuracy is not None
    assert result.test_accuracy > 0.8


def test_the_saved_predictions_are_those_of_the_best_epoch(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    result = train(small_run(digits, epochs=3))
    valid = load_predictions(tmp_path / "run", "valid")
    assert valid is not None
    assert result.best is not None
    assert float((valid.predicted == valid.targets).mean()) == pytest.approx(result.best.valid_accuracy)
    assert np.allclose(valid.probabilities.sum(1), 1, atol=1e-5)
    log_loss = -np.log(valid.probabilities[np.arange(len(valid.targets)), valid.targets]).mean()
    assert log_loss == pytest.approx(result.best.valid_loss, rel=1e-4)
    labels = digits.labels()
    assert np.array_equal(labels[valid.rows], valid.targets)


@pytest.mark.parametrize(
    "training",
    [
        {"schedule": Schedule.COSINE},
        {"optimizer": Optimizer.SGD},
        {"optimizer": Optimizer.ADAMW, "weight_decay": 0.01, "class_weights": True},
    ],
)
def test_a_run_that_was_cut_off_goes_on_as_if_nothing_had_been(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path, training: dict
) -> None:
    augmentation = Augmentation(horizontal_flip=True, rotation=10, brightness=0.2)
    config = replace(small_run(digits, epochs=4, **training), augmentation=augmentation)
    whole = train(config, "whole")

    class Killed(Exception):
        pass

    def die(record: EpochRecord) -> None:
        if record.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        train(config, "cut", Hooks(on_epoch=die))
    resumed = train(config, "cut")
    assert list(map(numbers, resumed.outcome.history)) == list(map(numbers, whole.outcome.history))
    assert same_weights(weights(tmp_path / "cut"), weights(tmp_path / "whole"))


def test_the_same_seed_trains_the_same_network_and_another_seed_another(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(small_run(digits, epochs=1, seed=seed), name)
    assert same_weights(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same_weights(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_a_stop_in_an_epoch_keeps_the_finished_ones(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    finished: list[EpochRecord] = []
    result = train(
        small_run(digits, epochs=50),
        hooks=Hooks(on_epoch=finished.append, should_stop=lambda: len(finished) == 2),
    )
    assert result.outcome.ended == "stopped"
    assert len(result.outcome.history) == 2
    assert load_predictions(tmp_path / "run", "valid") is not None


def test_a_stop_before_the_first_batch_leaves_no_model(
    digits: Dataset, train: Callable[..., CnnRunResult]
) -> None:
    train(small_run(digits, epochs=1), "warm")  # so that the pixels are decoded
    result = train(small_run(digits), hooks=Hooks(should_stop=lambda: True))
    assert result.outcome.history == ()
    assert result.model is None


def test_a_stop_is_heard_while_validating(digits: Dataset, train: Callable[..., CnnRunResult]) -> None:
    config = small_run(digits, epochs=2)
    train(replace(config, training=replace(config.training, epochs=1)), "warm")
    batches = len(epoch_order(len(current_split(digits).train), config.training.batch_size, 0, 1))
    asked = itertools.count(1)
    result = train(config, hooks=Hooks(should_stop=lambda: next(asked) > batches))
    assert result.outcome == Outcome((), "stopped")
    assert next(asked) == batches + 2


def test_a_stop_while_decoding_cancels(digits: Dataset, train: Callable[..., CnnRunResult]) -> None:
    with pytest.raises(Cancelled):
        train(small_run(digits), hooks=Hooks(should_stop=lambda: True))


def test_early_stopping_ends_after_its_patience(digits: Dataset, train: Callable[..., CnnRunResult]) -> None:
    result = train(small_run(digits, epochs=60, patience=2, learning_rate=0.02))
    history = result.outcome.history
    assert result.outcome.ended == "early"
    assert len(history) < 60
    assert [record.is_best for record in history[-2:]] == [False, False]
    assert history[-3].is_best


def test_a_loss_that_explodes_ends_the_run_and_keeps_what_was_good(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    calm = replace(
        small_run(digits, epochs=1, optimizer=Optimizer.SGD, learning_rate=0.01),
        cnn=CnnConfig((ConvBlock(4),)),
    )
    train(calm)
    good = weights(tmp_path / "run")
    predicted = load_predictions(tmp_path / "run", "valid")
    assert predicted is not None
    (tmp_path / "run" / "predictions-valid.npz").unlink()
    wild = replace(calm, training=replace(calm.training, epochs=5, learning_rate=100.0))
    with pytest.raises(LossNotFinite, match="no longer a finite number in epoch"):
        train(wild)
    kept = CheckpointFolder(tmp_path / "run").load_last()
    assert kept is not None
    assert all(torch.isfinite(value).all() for value in kept["model"].values() if value.is_floating_point())
    assert kept["history"][0]["epoch"] == 1
    assert good.keys() == kept["model"].keys()
    again = load_predictions(tmp_path / "run", "valid")
    assert again is not None
    assert np.array_equal(again.probabilities, predicted.probabilities)


def test_two_pictures_suffice_for_batch_norm_on_one_pixel(
    workspace: Workspace, digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    for label in "01":
        for picture in [picture for picture in digits.pictures if picture.label == label][:2]:
            path = tmp_path / "few" / label / picture.name.split("/")[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(digits.path(picture).read_bytes())
    few = import_folder(workspace, tmp_path / "few", "Two of each")
    assert len(current_split(few).train) == 2
    block = ConvBlock(4, kernel=8, padding=0, batch_norm=True, pool=Pool.NONE)
    result = train(replace(small_run(few, batch_size=1), cnn=CnnConfig((block,))))
    assert len(result.outcome.history) == 2


def test_two_classes_with_a_single_logit(
    workspace: Workspace, digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    for picture in digits.pictures:
        if picture.label in "01":
            path = tmp_path / "two" / picture.label / picture.name.split("/")[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(digits.path(picture).read_bytes())
    two = import_folder(workspace, tmp_path / "two", "Zeros and ones")
    result = train(small_run(two, epochs=6, loss=Loss.SINGLE_LOGIT, class_weights=True))
    assert result.model is not None
    assert result.model(torch.zeros(1, 1, 8, 8)).shape == (1, 1)
    assert result.best is not None
    assert result.best.valid_accuracy > 0.9
    valid = load_predictions(tmp_path / "run", "valid")
    assert valid is not None
    assert valid.probabilities.shape[1] == 2


def test_progress_tells_where_the_loop_is(
    digits: Dataset, train: Callable[..., CnnRunResult], monkeypatch
) -> None:
    monkeypatch.setattr("core.training.loop.READ_EVERY", 0.0)
    seen: list[BatchProgress] = []
    train(small_run(digits, epochs=2), hooks=Hooks(on_batch=seen.append))
    batches = seen[0].batches
    assert [(p.epoch, p.batch) for p in seen] == [(e, b) for e in (1, 2) for b in range(1, batches + 1)]
    assert all(p.pictures_per_second > 0 and p.seconds_left >= 0 for p in seen)


def test_a_network_that_cannot_be_built_is_refused(
    digits: Dataset, train: Callable[..., CnnRunResult]
) -> None:
    config = replace(small_run(digits), cnn=CnnConfig((ConvBlock(4, kernel=15, padding=0),)))
    with pytest.raises(LayerError, match="15"):
        train(config)


def test_a_data_set_that_is_gone_is_named(
    workspace: Workspace, digits: Dataset, train: Callable[..., CnnRunResult]
) -> None:
    config = small_run(digits)
    delete_dataset(workspace, digits.id)
    with pytest.raises(DatasetError, match=digits.id):
        train(config)


def test_classes_that_changed_are_refused(digits: Dataset, train: Callable[..., CnnRunResult]) -> None:
    config = replace(small_run(digits), classes=("a", "b"))
    with pytest.raises(DatasetError, match="classes of data set Digits have changed"):
        train(config)


def test_no_picture_to_validate_on_is_explained(
    workspace: Workspace, digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    for picture in {picture.label: picture for picture in digits.pictures}.values():
        path = tmp_path / "lonely" / picture.label / "one.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(digits.path(picture).read_bytes())
    lonely = import_folder(workspace, tmp_path / "lonely", "One of each")
    with pytest.raises(ConfigError, match="no picture to validate on"):
        train(small_run(lonely))


def test_a_checkpoint_cut_short_is_named(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path
) -> None:
    train(small_run(digits, epochs=1))
    checkpoints = CheckpointFolder(tmp_path / "run")
    for path in (checkpoints.last, checkpoints.previous):
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelFileError, match=r"last\.pt can't be read"):
        train(small_run(digits, epochs=2))


@pytest.mark.parametrize("damage", ["cut short", "one bit turned", "gone"])
def test_a_damaged_checkpoint_costs_one_checkpoint_and_no_more(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path, damage: str
) -> None:
    config = small_run(digits, epochs=3)
    train(config, "whole")
    train(
        config,
        "damaged",
        Hooks(should_stop=lambda: (tmp_path / "damaged" / "snapshots" / "epoch-00002.pt").exists()),
    )
    last = CheckpointFolder(tmp_path / "damaged").last
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 1
    last.write_bytes(bytes(content) if damage == "one bit turned" else content[:1000])
    if damage == "gone":
        last.unlink()
    result = train(config, "damaged")
    assert [record.epoch for record in result.outcome.history] == [1, 2, 3]
    assert same_weights(weights(tmp_path / "damaged"), weights(tmp_path / "whole"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_learns_what_the_processor_learns(
    workspace: Workspace, digits: Dataset, tmp_path: Path
) -> None:
    results = {}
    for device in ("cpu", "cuda:0"):
        folder = tmp_path / device.replace(":", "-")
        folder.mkdir()
        results[device] = train_cnn(workspace, small_run(digits, epochs=4), folder, device=device)
    ours, theirs = (results[device].outcome.history[0] for device in ("cpu", "cuda:0"))
    assert theirs.train_loss == pytest.approx(ours.train_loss, rel=0.05)
    assert results["cuda:0"].best is not None
    assert results["cuda:0"].best.valid_accuracy > 0.8


@pytest.mark.parametrize(
    "alien",
    [
        {"weight": torch.zeros(2)},
        [torch.zeros(2)],
        {"model": {}, "optimizer": {}, "history": []},
        {"model": {"weight": torch.zeros(2)}, "optimizer": {"state": {}}, "history": [{"epoch": 1}]},
    ],
)
def test_a_checkpoint_of_something_else_is_named(
    digits: Dataset, train: Callable[..., CnnRunResult], tmp_path: Path, alien: object
) -> None:
    (tmp_path / "run").mkdir()
    torch.save(alien, tmp_path / "run" / "last.pt")
    with pytest.raises(ModelFileError, match=r"last\.pt is not a checkpoint of this network.*new run"):
        train(small_run(digits))
