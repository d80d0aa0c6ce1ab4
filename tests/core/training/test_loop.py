"""The loop over real digits: what it tells, what it keeps, and what it does where the memory is full."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import core.training.loop as loop
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.faults import is_out_of_memory
from core.training.batches import Batch, Batcher
from core.training.checkpoint import CheckpointFolder, load_tensors
from core.training.config import Loss, Optimizer, Precision, TrainingConfig
from core.training.divergence import LossNotFinite
from core.training.evaluation import evaluate
from core.training.execution import Execution
from core.training.history import EpochRecord, Hooks, Outcome
from core.training.objective import Objective
from core.training.run_data import RunData, open_run_data
from core.training.snapshots import snapshots_in
from core.training.step import LOSS, Learner
from core.training.stopwatch import Phase, Stopwatch
from core.workspace import workspace_around
from tests.core.training.greedy import Greedy
from tests.core.training.sittings import end_of, exact, same
from tests.digits import small_run

PLAIN = Execution("cpu", Precision.FLOAT32, True, 2, 64)
TRAINING = TrainingConfig(epochs=2, batch_size=64, learning_rate=5e-3)
OBJECTIVE = Objective(Loss.CROSS_ENTROPY)


@pytest.fixture(scope="module")
def data(imported_digits: Dataset) -> RunData:
    return open_run_data(workspace_around(imported_digits.folder), small_run(imported_digits))


@pytest.fixture(scope="module")
def batcher(imported_digits: Dataset) -> Batcher:
    return Batcher(small_run(imported_digits).preprocessing, torch.device("cpu"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def network(greedy: Greedy | None = None) -> nn.Sequential:
    torch.manual_seed(1)
    middle = greedy or nn.Identity()
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), middle, nn.Linear(36, 10)
    )


Train = Callable[..., Outcome]


@pytest.fixture
def train(data: RunData, batcher: Batcher) -> Train:
    def sit(
        folder: Path,
        *,
        model: nn.Module | None = None,
        training: TrainingConfig = TRAINING,
        execution: Execution = PLAIN,
        hooks: Hooks | None = None,
    ) -> Outcome:
        folder.mkdir(exist_ok=True)
        return loop.train(
            model or network(),
            data.train,
            data.valid,
            training,
            Augmentation(),
            batcher=batcher,
            objective=OBJECTIVE,
            execution=execution,
            checkpoints=CheckpointFolder(folder),
            hooks=hooks or Hooks(),
        )

    return sit


def without_execution(folder: Path) -> dict[str, Any]:
    state = end_of(folder)
    del state["execution"]
    return state


def test_the_numbers_of_an_epoch_are_those_of_its_pictures(
    train: Train, folder: Path, data: RunData, batcher: Batcher
) -> None:
    """With steps that change nothing: then learning and looking see the same network."""
    still = replace(TRAINING, learning_rate=1e-8, epochs=1)
    [record] = train(folder, training=still).history
    train_score = evaluate(network(), data.train, batcher, OBJECTIVE)
    valid_score = evaluate(network(), data.valid, batcher, OBJECTIVE)
    assert record.train_loss == pytest.approx(train_score.loss, rel=1e-5)
    assert record.train_accuracy == train_score.accuracy
    assert record.valid_loss == pytest.approx(valid_score.loss, rel=1e-5)
    assert record.valid_accuracy == valid_score.accuracy
    assert record.gradient_norm is not None
    assert 0.01 < record.gradient_norm < 100
    assert set(record.phases) == set(map(str, Phase))
    assert sum(record.phases.values()) <= record.seconds
    assert record.memory is None or record.memory > 50_000_000


@pytest.mark.parametrize(
    ("most", "pieces"),
    [
        (63, [64, 32]),
        (20, [64, 32, 16]),
        pytest.param(1, [64, 32, 16, 8, 4, 2, 1], marks=pytest.mark.slow),
    ],
)
def test_a_batch_that_does_not_fit_goes_through_in_halves_as_if_that_had_been_known(
    train: Train, tmp_path: Path, most: int, pieces: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    training, facts = replace(TRAINING, epochs=1), []
    greedy = Greedy(most)
    train(tmp_path / "found", training=training, model=network(greedy), hooks=Hooks(on_facts=facts.append))
    assert [fact["piece"] for fact in facts] == pieces
    assert greedy.seen[: len(pieces)] == pieces
    known = replace(PLAIN, piece=pieces[-1])
    train(tmp_path / "known", training=training, execution=known)
    assert same(end_of(tmp_path / "found"), end_of(tmp_path / "known"))
    assert f"The memory is full: {pieces[-1]} pictures at once" in capsys.readouterr().out


def test_where_the_memory_gets_full_later_it_goes_on_from_the_last_checkpoint(
    train: Train, tmp_path: Path
) -> None:
    greedy = Greedy(1000)

    def fill_the_memory(record: EpochRecord) -> None:
        greedy.most = 40

    found = train(tmp_path / "found", model=network(greedy), hooks=Hooks(on_epoch=fill_the_memory))
    first = replace(TRAINING, epochs=1)
    train(tmp_path / "known", training=first)
    known = train(tmp_path / "known", execution=replace(PLAIN, piece=32))
    assert [exact(record) for record in found.history] == [exact(record) for record in known.history]
    assert same(end_of(tmp_path / "found"), end_of(tmp_path / "known"))


def test_one_picture_that_does_not_fit_ends_the_run(train: Train, folder: Path) -> None:
    facts: list[dict[str, object]] = []
    greedy = Greedy(0)
    with pytest.raises(RuntimeError) as caught:
        train(folder, model=network(greedy), hooks=Hooks(on_facts=facts.append))
    assert is_out_of_memory(caught.value)
    assert [fact["piece"] for fact in facts] == [64, 32, 16, 8, 4, 2, 1]
    assert greedy.seen == [64, 32, 16, 8, 4, 2, 1]


def test_another_error_is_not_taken_for_full_memory(train: Train, folder: Path) -> None:
    greedy = Greedy(1000)
    model = nn.Sequential(nn.Flatten(), greedy, nn.Linear(5, 10))
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        train(folder, model=model)
    assert greedy.seen == [64]


def spoil(
    monkeypatch: pytest.MonkeyPatch, at_step: int, change: Callable[[Learner, torch.Tensor], None]
) -> None:
    """Let `change` follow the step `at_step` (from 1)."""
    steps: list[Batch] = []
    plain = Learner.step

    def step(self: Learner, batch: Batch, sums: torch.Tensor, watch: Stopwatch) -> None:
        plain(self, batch, sums, watch)
        steps.append(batch)
        if len(steps) == at_step:
            change(self, sums)

    monkeypatch.setattr(Learner, "step", step)


def weigh_nothing(learner: Learner, sums: torch.Tensor) -> None:
    """A bias so low that the ReLU behind it hides it: the loss stays finite."""
    with torch.no_grad():
        learner.parameters[1][0] = -torch.inf


def lose_the_loss(learner: Learner, sums: torch.Tensor) -> None:
    sums[LOSS] = torch.nan


@pytest.mark.parametrize("change", [weigh_nothing, lose_the_loss])
@pytest.mark.parametrize("at_step", [7, 12])  # of 6 an epoch
@pytest.mark.parametrize("looks", ["always", "at the end"])
def test_what_is_not_finite_never_reaches_a_checkpoint(
    train: Train,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Learner, torch.Tensor], None],
    at_step: int,
    looks: str,
) -> None:
    if looks == "always":
        monkeypatch.setattr(loop, "KEEP_EVERY", 0.0)
        monkeypatch.setattr(loop, "KEEPING_SHARE", 1e9)
        monkeypatch.setattr(loop, "READ_EVERY", 0.0)
    spoil(monkeypatch, at_step, change)
    with pytest.raises(LossNotFinite, match="in epoch 2"):
        train(folder, training=replace(TRAINING, epochs=3))
    state = end_of(folder)
    assert len(state["history"]) == 1
    assert state.get("under_way", {"batch": 0})["batch"] == (at_step - 7 if looks == "always" else 0)
    saved = [path for path in folder.rglob("*.pt") if path.name not in ("last.pt", "previous.pt")]
    assert len(saved) == 3  # the best epoch, and the weights of epochs 0 and 1
    models = [state["model"], load_tensors(folder / "previous.pt")["model"], *map(load_tensors, saved)]
    assert all(value.isfinite().all() for model in models for value in model.values())


@pytest.mark.parametrize("change", [weigh_nothing, lose_the_loss])
def test_a_pause_keeps_nothing_that_is_not_finite_either(
    train: Train,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Learner, torch.Tensor], None],
) -> None:
    told: list[bool] = []
    spoil(monkeypatch, 3, lambda learner, sums: (change(learner, sums), told.append(True)))
    with pytest.raises(LossNotFinite):
        train(folder, hooks=Hooks(should_pause=lambda: bool(told)))
    assert "under_way" not in end_of(folder)


def test_weights_are_kept_by_the_rule_and_thinned_when_epochs_are_added(train: Train, folder: Path) -> None:
    training = replace(TRAINING, learning_rate=1e-3)
    model = network()
    initial = {name: value.clone() for name, value in model.state_dict().items()}
    train(folder, model=model, training=replace(training, epochs=4))
    assert list(snapshots_in(folder)) == [0, 1, 2, 3, 4]
    assert same(load_tensors(snapshots_in(folder)[0]), initial)
    assert same(load_tensors(snapshots_in(folder)[4]), dict(model.state_dict()))
    kept = {epoch: path.read_bytes() for epoch, path in snapshots_in(folder).items()}
    train(folder, training=replace(training, epochs=18))
    assert list(snapshots_in(folder)) == [0, *range(2, 19, 2)]
    assert all(snapshots_in(folder)[epoch].read_bytes() == kept[epoch] for epoch in (0, 2, 4))


def test_a_network_too_large_to_keep_leaves_no_weights_of_its_epochs(
    train: Train, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.training.snapshots.MOST_BYTES", 1000)
    train(folder)
    assert snapshots_in(folder) == {}


@pytest.mark.parametrize("file", ["best.pt", "snapshots/epoch-00001.pt", "snapshots/epoch-00000.pt"])
def test_files_that_a_crash_left_behind_the_checkpoint_are_made_up_for(
    train: Train, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """Killed when the checkpoint was on disk and the file that follows it was not."""

    class Killed(BaseException):
        pass

    save_best, save_tensors = CheckpointFolder.save_best, loop.save_tensors

    def write(path: Path, plain: Callable[[], None]) -> None:
        if path == folder / file:
            raise Killed
        plain()

    with monkeypatch.context() as patched:
        patched.setattr(
            CheckpointFolder,
            "save_best",
            lambda self, state: write(self.best, lambda: save_best(self, state)),
        )
        patched.setattr(
            loop, "save_tensors", lambda state, path: write(path, lambda: save_tensors(state, path))
        )
        with pytest.raises(Killed):
            train(folder)
    assert not (folder / file).exists()
    train(folder)
    train(tmp_path / "whole")
    assert {path.name for path in folder.rglob("*.pt")} == {
        path.name for path in (tmp_path / "whole").rglob("*.pt")
    }
    for path in (tmp_path / "whole").rglob("*.pt"):
        if path.name not in ("last.pt", "previous.pt"):
            assert same(load_tensors(folder / path.relative_to(tmp_path / "whole")), load_tensors(path))


def test_a_gradient_bound_and_other_settings_reach_the_steps(train: Train, tmp_path: Path) -> None:
    changes = [{}, {"gradient_clip": 1e-3}, {"optimizer": Optimizer.SGD}, {"weight_decay": 1.0}, {"seed": 5}]
    ends = []
    for number, change in enumerate(changes):
        train(tmp_path / str(number), training=replace(TRAINING, epochs=1, **change))
        ends.append(without_execution(tmp_path / str(number))["model"])
    assert not any(same(one, other) for index, one in enumerate(ends) for other in ends[:index])
