"""Fine-tunings of EfficientNet-Lite0 on a few digits, from settings to predictions."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import core.training.fine_tune_run as fine_tune_run
import core.training.frozen_disk as frozen_disk
import core.training.frozen_prefix as frozen_prefix
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.errors import Cancelled, ModelFileError
from core.models.saved_model import HeadConfig, SavedFineTuned, load_model_description
from core.runs.store import Run
from core.serving.prediction import load_predictor
from core.training.checkpoint import load_tensors
from core.training.cnn_run import CnnRunResult
from core.training.config import Loss, Optimizer, Precision, Schedule
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_run import ROWS_FILE, train_fine_tuned
from core.training.history import Hooks
from core.training.predictions import load_predictions
from core.training.snapshots import snapshots_in
from core.workspace import Workspace
from tests.core.training.sittings import end_of, exact, pause_at, same
from tests.digits import import_folder, write_digits
from tests.fine_tuning import FEW, small_fine_tuning

pytestmark = pytest.mark.slow
Train = Callable[..., CnnRunResult]
SMALL = {"backbone": "shufflenet_v2_x0_5", "weights": "random-0"}  # where what it learns is of no interest


@pytest.fixture
def train(workspace: Workspace) -> Train:
    def sit(config: FineTuneConfig, folder: str = "run", hooks: Hooks | None = None) -> CnnRunResult:
        path = workspace.runs / folder
        path.mkdir(exist_ok=True)
        torch.manual_seed(torch.seed())  # another process is somewhere else in its random numbers
        return train_fine_tuned(workspace, config, path, hooks=hooks)

    return sit


def facts_of(train: Train, config: FineTuneConfig, folder: str = "run") -> dict:
    facts: dict = {}
    train(config, folder, Hooks(on_facts=facts.update))
    return facts


def check_predictions(run: Run, dataset: Dataset, tolerance: float) -> None:
    """What the page says of the validation pictures is what the run said."""
    predictor, kept = load_predictor(run), load_predictions(run.folder, "valid")
    assert kept is not None
    received = [predictor.read(dataset.path(dataset.pictures[row])) for row in kept.rows]
    assert np.abs(predictor.predict(received) - kept.probabilities).max() < tolerance


def test_a_new_head_learns_digits_and_the_frozen_part_runs_once_a_picture(
    workspace: Workspace, few_digits: Dataset, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    outputs = frozen_prefix.FrozenPrefix.outputs

    def counted(self, pixels, views, draws) -> np.ndarray:
        seen.append(len(pixels))
        return outputs(self, pixels, views, draws)

    monkeypatch.setattr(frozen_prefix.FrozenPrefix, "outputs", counted)
    facts: dict = {}
    config = small_fine_tuning(few_digits, epochs=12)
    result = train(config, "run", Hooks(on_facts=facts.update))
    assert sum(seen) == FEW
    assert result.best is not None
    assert result.best.valid_accuracy > 0.35  # chance is 0.1
    run, split = Run(workspace.runs / "run"), current_split(few_digits)
    assert facts["frozen"]["rows"] == facts["frozen"]["computed"] == FEW
    assert facts["frozen"]["otherwise"] == 12 * (len(split.train) + len(split.valid))
    assert facts["trainable"] == 1280 * 10 + 10
    assert facts["trained_blocks"] == ["classifier"]
    saved = load_model_description(run.folder)
    assert isinstance(saved, SavedFineTuned)
    assert snapshots_in(run.folder) == {}
    check_predictions(run, few_digits, 1e-5)
    test = load_predictions(run.folder, "test")
    assert test is not None
    assert result.test_accuracy == (test.predicted == test.targets).mean()


def test_a_second_run_finds_the_frozen_part_done(few_digits: Dataset, train: Train) -> None:
    config = small_fine_tuning(few_digits, epochs=1, **SMALL)
    assert facts_of(train, config, "one")["frozen"]["computed"] == FEW
    other = replace(config, head=HeadConfig((12,), 0.1), training=replace(config.training, seed=3))
    assert facts_of(train, other, "two")["frozen"]["computed"] == 0


def test_the_frozen_part_stays_to_the_bit_and_best_holds_the_whole_network(
    workspace: Workspace, few_digits: Dataset, train: Train
) -> None:
    train(small_fine_tuning(few_digits, trains=Trains.BLOCKS, blocks=2, backbone_rate=1e-3, epochs=2))
    folder = workspace.runs / "run"
    start, best = load_tensors(folder / "start.pt"), load_tensors(folder / "best.pt")
    assert start.keys() == best.keys()
    changed = {name.rsplit(".", 2)[0] for name in best if not torch.equal(best[name], start[name])}
    assert {name.split(".")[0] for name in changed} == {"blocks", "head", "classifier"}
    assert all(name.startswith(("blocks.15", "head", "classifier")) for name in changed)
    assert "head.norm.running_mean" in {name for name in best if not torch.equal(best[name], start[name])}
    assert all(load_tensors(path).keys() == best.keys() for path in snapshots_in(folder).values())
    check_predictions(Run(folder), few_digits, 1e-5)


def test_with_bfloat16_of_the_frozen_part_a_run_says_what_its_model_predicts(
    workspace: Workspace, few_digits: Dataset, train: Train
) -> None:
    """Pictures to validate and test on go through in float32, as in a prediction."""
    facts = facts_of(train, small_fine_tuning(few_digits, epochs=2, learning_rate=1e-3))
    assert facts["frozen"]["precision"] == Precision.FLOAT32
    config = small_fine_tuning(few_digits, epochs=2, learning_rate=1e-3, precision=Precision.BFLOAT16)
    facts = facts_of(train, config, "short")
    assert facts["frozen"]["precision"] == Precision.BFLOAT16
    learned = len(current_split(few_digits).train)
    assert facts["frozen"]["bytes"] == 1280 * (2 * learned + 4 * (FEW - learned))
    long, short = (load_predictions(workspace.runs / name, "valid") for name in ("run", "short"))
    assert long is not None
    assert short is not None
    assert np.abs(long.probabilities - short.probabilities).max() < 2e-2
    check_predictions(Run(workspace.runs / "short"), few_digits, 1e-5)


RESUMED = {
    "head": {"head": HeadConfig((20,), 0.3), "augmentation": Augmentation(True, rotation=10), "views": 2},
    "blocks": {"trains": Trains.BLOCKS, "blocks": 2, "unfreeze_every": 1, "warm_up": 1},
}


@pytest.mark.parametrize(("kind", "looks"), [("head", (3,)), ("blocks", (1, 5))])
def test_a_pause_changes_nothing(
    workspace: Workspace, few_digits: Dataset, train: Train, kind: str, looks: tuple[int, ...]
) -> None:
    """Neither before the first epoch, nor within one, nor in a validation; bit for bit."""
    settings = {"schedule": Schedule.COSINE, "optimizer": Optimizer.ADAMW, "gradient_clip": 1.0}
    config = small_fine_tuning(few_digits, **SMALL, **settings, **RESUMED[kind])
    whole = train(config, "whole")
    for look in looks:
        folder = f"paused-{look}"
        paused = train(config, folder, pause_at(look))
        assert paused.outcome.ended == "paused"
        resumed = train(config, folder)
        assert [exact(r) for r in resumed.outcome.history] == [exact(r) for r in whole.outcome.history]
        assert same(end_of(workspace.runs / folder), end_of(workspace.runs / "whole"))
        best = [load_tensors(workspace.runs / name / "best.pt") for name in (folder, "whole")]
        assert same(*best)


def test_an_interruption_of_the_frozen_part_changes_nothing(
    workspace: Workspace, few_digits: Dataset, train: Train
) -> None:
    config = small_fine_tuning(few_digits, epochs=1, trains=Trains.BLOCKS, **SMALL)
    whole = train(config, "whole")
    for rows in (workspace.caches / "frozen").glob("*.rows"):
        rows.unlink()
    with pytest.raises(Cancelled):
        train(config, "stopped", pause_at(3))
    resumed = train(config, "stopped")
    assert [exact(r) for r in resumed.outcome.history] == [exact(r) for r in whole.outcome.history]


def test_a_run_goes_on_with_its_own_backbone_and_numbers_whatever_came_meanwhile(
    workspace: Workspace, few_digits: Dataset, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights and measurements may have changed, and caches may be gone."""
    config = small_fine_tuning(few_digits, epochs=2, precision=Precision.AUTO, **SMALL)
    train(replace(config, training=replace(config.training, epochs=1)))
    first = load_tensors(workspace.runs / "run" / "start.pt")
    for file in workspace.caches.rglob("*"):
        if file.is_file():
            file.unlink()
    monkeypatch.setattr(fine_tune_run, "load_backbone", None)
    monkeypatch.setattr(fine_tune_run, "frozen_precision", None)
    result = train(config)
    assert len(result.outcome.history) == 2
    best = load_tensors(workspace.runs / "run" / "best.pt")
    assert torch.equal(best["conv1.0.weight"], first["conv1.0.weight"])


def test_without_room_on_the_disk_it_trains_all_the_same(
    workspace: Workspace, few_digits: Dataset, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers, only that the frozen part runs in every epoch; and it goes on in that way."""
    config = small_fine_tuning(few_digits, epochs=2, **SMALL)
    kept = train(config, "kept")
    monkeypatch.setattr(frozen_disk, "MOST", 0)
    facts = facts_of(train, replace(config, training=replace(config.training, epochs=1)), "run")
    assert facts["frozen"] == {"cached": False}
    monkeypatch.setattr(frozen_disk, "MOST", 1_000_000_000)
    result = train(config, "run")
    assert not (workspace.runs / "run" / ROWS_FILE).exists()
    for one, other in zip(kept.outcome.history, result.outcome.history, strict=True):
        assert other.train_loss == pytest.approx(one.train_loss, abs=1e-4)
        assert other.valid_loss == pytest.approx(one.valid_loss, abs=1e-4)
    check_predictions(Run(workspace.runs / "run"), few_digits, 1e-5)


def test_all_of_it_trains(workspace: Workspace, few_digits: Dataset, train: Train) -> None:
    config = small_fine_tuning(few_digits, "squeezenet1_1", weights="random-0", trains=Trains.ALL, epochs=1)
    facts = facts_of(train, config)
    assert "frozen" not in facts
    assert facts["trainable"] == facts["parameters"]
    start, best = (load_tensors(workspace.runs / "run" / name) for name in ("start.pt", "best.pt"))
    assert not any(torch.equal(start[name], best[name]) for name in start if name.endswith("weight"))
    check_predictions(Run(workspace.runs / "run"), few_digits, 1e-5)


def test_two_classes_with_a_single_logit(workspace: Workspace, tmp_path: Path, train: Train) -> None:
    write_digits(tmp_path / "pictures", 60)
    for folder in (tmp_path / "pictures").iterdir():
        if folder.name not in ("0", "1"):
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
    dataset = import_folder(workspace, tmp_path / "pictures", "Two")
    config = small_fine_tuning(
        dataset, loss=Loss.SINGLE_LOGIT, class_weights=True, head=HeadConfig((500,)), epochs=5
    )
    result = train(config)
    assert result.best is not None
    assert result.best.valid_accuracy == 1.0
    check_predictions(Run(workspace.runs / "run"), dataset, 1e-5)


def test_augmented_views_are_made_once_and_shown_in_turn(
    few_digits: Dataset, train: Train, workspace: Workspace
) -> None:
    config = small_fine_tuning(
        few_digits, epochs=4, augmentation=Augmentation(rotation=15, crop=0.8), views=2, **SMALL
    )
    facts, split = facts_of(train, config), current_split(few_digits)
    expected = 2 * len(split.train) + len(split.valid) + len(split.test)
    assert facts["frozen"]["computed"] == facts["frozen"]["rows"] == expected
    assert facts["frozen"]["views"] == 2
    check_predictions(Run(workspace.runs / "run"), few_digits, 1e-5)


def test_missing_weights_are_one_clear_sentence(
    few_digits: Dataset, train: Train, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with pytest.raises(ModelFileError, match="trained weights of resnet18 are not on this machine"):
        train(small_fine_tuning(few_digits, "resnet18"))
    assert not (workspace.runs / "run" / "start.pt").exists()


def test_a_checkpoint_of_another_network_is_refused(
    few_digits: Dataset, train: Train, workspace: Workspace
) -> None:
    train(small_fine_tuning(few_digits, epochs=1, **SMALL))
    torch.save(nn.Linear(2, 2).state_dict(), workspace.runs / "run" / "start.pt")
    with pytest.raises(ModelFileError, match=r"start\.pt is not a checkpoint of this network"):
        train(small_fine_tuning(few_digits, epochs=2, **SMALL))


def test_progress_is_told_while_the_frozen_part_runs(workspace: Workspace, few_digits: Dataset) -> None:
    told: list[tuple[int, int, str]] = []
    folder = workspace.runs / "run"
    folder.mkdir()
    config = small_fine_tuning(few_digits, epochs=1, **SMALL)
    train_fine_tuned(workspace, config, folder, on_progress=lambda *said: told.append(said))
    words = [what for what, _ in itertools.groupby(what for _, _, what in told)]
    assert words.index("loading the backbone") < words.index(frozen_prefix.WORDS)
    done = [(count, total) for count, total, what in told if what == frozen_prefix.WORDS]
    assert any(count == total for count, total in done)
