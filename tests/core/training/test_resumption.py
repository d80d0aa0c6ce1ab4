"""A training that was interrupted, wherever that was, ends as if nothing had happened: bit for bit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import core.training.evaluation_batch as evaluation_batch
import core.training.loop as loop
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.training.batches import batches_an_epoch
from core.training.checkpoint import CheckpointFolder
from core.training.cnn_run import CnnRunResult, train_cnn
from core.training.config import CnnRunConfig, Optimizer, Precision, Schedule
from core.training.execution import Execution
from core.training.history import BatchProgress, EpochRecord, Hooks
from core.training.resumption import saved_execution
from core.training.run_data import open_run_data
from core.workspace import Workspace, workspace_around
from tests.core.training.sittings import end_of, exact, pause_at, same
from tests.digits import small_run

BATCH, EPOCHS, LOOKS = 96, 2, 2  # pictures, and batches of a validation, after each of which it looks
PREDICTIONS = ("predictions-valid.npz", "predictions-test.npz")

Train = Callable[..., CnnRunResult]


@pytest.fixture(scope="module")
def home(imported_digits: Dataset) -> Workspace:
    """Where the digits lie: no test here changes them, so each needs none of its own."""
    return workspace_around(imported_digits.folder)


@pytest.fixture
def config(home: Workspace, imported_digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> CnnRunConfig:
    """Two epochs with all that is random or remembers: augmentation, dropout, batch norm, AdamW, cosine.

    The pictures are decoded already, which would look for an interruption too.
    """
    monkeypatch.setattr(evaluation_batch, "LARGEST", -(-len(current_split(imported_digits).valid) // LOOKS))
    run = small_run(
        imported_digits,
        epochs=EPOCHS,
        batch_size=BATCH,
        optimizer=Optimizer.ADAMW,
        weight_decay=0.01,
        schedule=Schedule.COSINE,
        gradient_clip=1.0,
        class_weights=True,
        precision=Precision.FLOAT32,
    )
    open_run_data(home, run)
    return replace(
        run,
        cnn=CnnConfig((ConvBlock(4, batch_norm=True, dropout=0.3), ConvBlock(6, batch_norm=True))),
        augmentation=Augmentation(horizontal_flip=True, rotation=10, brightness=0.2),
    )


@pytest.fixture
def train(home: Workspace, tmp_path: Path) -> Train:
    def sit(
        config: CnnRunConfig, folder: str, hooks: Hooks | None = None, *, device: str = "cpu"
    ) -> CnnRunResult:
        (tmp_path / folder).mkdir(exist_ok=True)
        torch.manual_seed(torch.seed())  # another process is somewhere else in its random numbers
        return train_cnn(home, config, tmp_path / folder, device=device, hooks=hooks)

    return sit


def positions(config: CnnRunConfig, digits: Dataset) -> int:
    """How often such a training looks whether it is to go on."""
    batches = batches_an_epoch(len(current_split(digits).train), config.training.batch_size)
    return config.training.epochs * (batches + LOOKS)


def check_paused(result: CnnRunResult, folder: Path) -> None:
    assert result.outcome.ended == "paused"
    assert result.model is None
    assert not any((folder / name).exists() for name in PREDICTIONS)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_a_pause_changes_nothing(
    config: CnnRunConfig, train: Train, tmp_path: Path, precision: Precision
) -> None:
    config = replace(config, training=replace(config.training, precision=precision))
    whole = train(config, "whole")
    for look in (1, 3, 5, 9):  # the first batch, within an epoch, a validation, the second epoch
        folder = f"paused-{look}"
        check_paused(train(config, folder, pause_at(look)), tmp_path / folder)
        resumed = train(config, folder)
        assert resumed.outcome.ended == "finished"
        assert [exact(r) for r in resumed.outcome.history] == [exact(r) for r in whole.outcome.history]
        assert same(end_of(tmp_path / folder), end_of(tmp_path / "whole"))


@pytest.mark.slow
def test_a_pause_at_any_batch_changes_nothing(
    config: CnnRunConfig, imported_digits: Dataset, train: Train, tmp_path: Path
) -> None:
    train(config, "whole")
    whole, looks = end_of(tmp_path / "whole"), positions(config, imported_digits)
    assert looks == EPOCHS * (4 + LOOKS)
    for look in range(1, looks + 1):
        folder = tmp_path / f"paused-{look}"
        check_paused(train(config, folder.name, pause_at(look)), folder)
        train(config, folder.name)
        assert same(end_of(folder), whole), f"pause at look {look} of {looks}"
        assert all((folder / name).exists() for name in PREDICTIONS)
    untouched = train(config, "untouched", pause_at(looks + 1))
    assert untouched.outcome.ended == "finished"


def test_one_pause_after_the_other_changes_nothing(
    config: CnnRunConfig, train: Train, tmp_path: Path
) -> None:
    train(config, "whole")
    sittings = 1
    while train(config, "paused", pause_at(3)).outcome.ended == "paused":  # after two batches each
        sittings += 1
        assert sittings < 20
    assert sittings >= EPOCHS * 2
    assert same(end_of(tmp_path / "paused"), end_of(tmp_path / "whole"))


@pytest.mark.parametrize("crash_at", [2, 4, 7])
@pytest.mark.parametrize("kept_every", [0.0, 1e9])
def test_a_crash_goes_back_to_the_last_checkpoint_and_changes_nothing(
    config: CnnRunConfig,
    train: Train,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crash_at: int,
    kept_every: float,
) -> None:
    """Whether there are checkpoints within an epoch, or only at its end."""
    train(config, "whole")
    seen: list[tuple[int, int]] = []

    def crash(progress: BatchProgress) -> None:
        seen.append((progress.epoch, progress.batch))
        if len(seen) == crash_at:
            raise ZeroDivisionError

    monkeypatch.setattr(loop, "READ_EVERY", 0.0)
    monkeypatch.setattr(loop, "KEEP_EVERY", kept_every)
    monkeypatch.setattr(loop, "KEEPING_SHARE", 1e9)
    with pytest.raises(ZeroDivisionError):
        train(config, "crashed", Hooks(on_batch=crash))
    kept = CheckpointFolder(tmp_path / "crashed").load_last()
    assert kept is not None
    epochs, batches = divmod(crash_at - 1, 4)
    assert len(kept["history"]) == epochs
    assert kept.get("under_way", {"batch": 0})["batch"] == (0 if kept_every else batches)
    seen.clear()
    train(config, "crashed", Hooks(on_batch=lambda progress: seen.append((progress.epoch, progress.batch))))
    assert seen[0] == (epochs + 1, 1 if kept_every else batches + 1)
    assert same(end_of(tmp_path / "crashed"), end_of(tmp_path / "whole"))


def test_a_finished_run_that_gets_more_epochs_is_the_one_that_had_them_from_the_start(
    config: CnnRunConfig, train: Train, tmp_path: Path
) -> None:
    """With a constant rate: a cosine would have fallen more slowly."""
    constant = replace(config.training, schedule=Schedule.CONSTANT)
    train(replace(config, training=replace(constant, epochs=3)), "whole")
    train(replace(config, training=replace(constant, epochs=1)), "more")
    train(replace(config, training=replace(constant, epochs=3)), "more", pause_at(3))
    train(replace(config, training=replace(constant, epochs=3)), "more")
    assert same(end_of(tmp_path / "more"), end_of(tmp_path / "whole"))


def test_a_run_goes_on_in_the_numbers_and_the_layout_that_it_began_with(
    config: CnnRunConfig, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: dict[str, object] = {}
    hooks = Hooks(on_facts=facts.update, should_pause=pause_at(3).should_pause)
    train(config, "run", hooks)
    begun = dict(facts)
    monkeypatch.setattr("core.training.cnn_run.calibrate", lambda *_, **__: pytest.fail("measured again"))
    facts.clear()
    train(config, "run", Hooks(on_facts=facts.update))
    assert len(facts) >= 6
    assert facts.items() <= begun.items()


def test_a_checkpoint_of_the_version_before_goes_on_from_its_epoch(
    config: CnnRunConfig, train: Train, tmp_path: Path
) -> None:
    """It knew no digest, no epoch under way, no execution, and fewer numbers of an epoch."""
    train(config, "whole")

    def stop_after_the_first(record: EpochRecord) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(config, "old", Hooks(on_epoch=stop_after_the_first))
    state = CheckpointFolder(tmp_path / "old").load_last()
    assert state is not None
    later = ("gradient_norm", "memory", "phases")
    history = [{name: v for name, v in past.items() if name not in later} for past in state["history"]]
    old = {"model": state["model"], "optimizer": state["optimizer"], "history": history}
    torch.save(old, tmp_path / "old" / "last.pt")
    (tmp_path / "old" / "previous.pt").unlink()
    result = train(config, "old")
    assert [record.epoch for record in result.outcome.history] == [1, 2]
    assert result.outcome.history[0].gradient_norm is None
    ours, theirs = end_of(tmp_path / "old"), end_of(tmp_path / "whole")
    assert same(ours["model"], theirs["model"])
    assert same(ours["optimizer"], theirs["optimizer"])
    assert ours["history"][1] == theirs["history"][1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_a_pause_changes_nothing_on_a_gpu_either(
    config: CnnRunConfig, train: Train, tmp_path: Path, precision: Precision
) -> None:
    """With kernels that give the same bits each time."""
    training = replace(config.training, precision=precision, deterministic=True)
    config = replace(config, training=training)
    train(config, "whole", device="cuda:0")
    for look in (1, 3, 6, 9):
        folder = tmp_path / f"paused-{look}"
        check_paused(train(config, folder.name, pause_at(look), device="cuda:0"), folder)
        train(config, folder.name, device="cuda:0")
        assert same(end_of(folder), end_of(tmp_path / "whole")), f"pause at look {look}"


def test_an_execution_holds_for_devices_of_its_kind() -> None:
    execution = {
        "device": "cuda:1",
        "precision": "bfloat16",
        "channels_last": True,
        "threads": 3,
        "piece": 16,
        "compiled": False,
    }
    saved = Execution("cuda:0", Precision.BFLOAT16, True, 3, 16)
    assert saved_execution({"execution": execution}, "cuda:0") == saved
    assert saved_execution({"execution": execution}, "cpu") is None
    assert saved_execution({"model": {}}, "cuda:0") is None
    assert saved_execution(None, "cuda:0") is None
