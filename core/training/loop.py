"""The training loop: epochs of forward, backward, step; it knows hooks, not screens."""

import gc
import math
import time
from contextlib import closing
from dataclasses import dataclass, replace

import torch
from torch import nn

from core.data.augmentation_config import Augmentation
from core.data.parallel import never
from core.errors import Cancelled
from core.faults import is_out_of_memory
from core.processes import peak_memory
from core.records import to_json
from core.training.batches import Batches, batches_an_epoch
from core.training.checkpoint import CheckpointFolder, save_tensors
from core.training.config import TrainingConfig
from core.training.divergence import is_finite, loss_not_finite
from core.training.evaluation import Score, evaluate
from core.training.execution import Execution
from core.training.history import BatchProgress, EpochRecord, Hooks, Outcome, is_new_best, is_over_early
from core.training.kernels import kernels_of
from core.training.objective import Objective
from core.training.plan import Plan
from core.training.resumption import EpochState, Position, begin_epoch, restore, state_of
from core.training.run_data import LabeledPictures
from core.training.snapshots import SnapshotRule, prune, snapshot_path
from core.training.step import CORRECT, LOSS, NORM, Learner
from core.training.stopwatch import Phase, Stopwatch
from core.training.together import any_of, average_statistics, is_alone

READ_EVERY = 0.5  # seconds between two looks at numbers that live on the device
KEEP_EVERY = 30.0  # seconds between two checkpoints within an epoch
KEEPING_SHARE = 0.05  # of the time that writing checkpoints within an epoch may take


def train(
    model: nn.Module,
    train_data: LabeledPictures,
    valid_data: LabeledPictures,
    training: TrainingConfig,
    augmentation: Augmentation,
    *,
    batcher: Batches,
    objective: Objective,
    execution: Execution,
    checkpoints: CheckpointFolder,
    hooks: Hooks,
    plan: Plan | None = None,
) -> Outcome:
    """Train `model` in place; goes on from `checkpoints.last`, at its very batch, where there is one.

    Without a `plan` all of it trains at one rate. The best epoch is the one with the highest validation
    accuracy, the lower loss where two are equal. Where a batch doesn't fit into the memory, it goes through
    in halves from the last checkpoint on.

    Raises:
        LossNotFinite: with the last good checkpoint still on disk.
    """
    while True:
        loop = _Loop(
            model,
            train_data,
            valid_data,
            training,
            augmentation,
            batcher,
            objective,
            execution,
            checkpoints,
            hooks,
            plan or Plan(training),
        )
        try:
            with kernels_of(execution, deterministic=training.deterministic):
                return loop.run()
        except Exception as error:
            smallest = execution.piece <= _smallest_piece(model)
            if not is_out_of_memory(error) or smallest or not is_alone():  # others would wait for this one
                raise
        execution = replace(execution, piece=-(-execution.piece // 2))
        del loop
        gc.collect()
        if batcher.device.type == "cuda":
            torch.cuda.empty_cache()
        print(f"The memory is full: {execution.piece} pictures at once from now on.", flush=True)


def _smallest_piece(model: nn.Module) -> int:
    """Batch norm may need a second picture to have something to normalize by."""
    return 2 if any(isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d) for each in model.modules()) else 1


@dataclass
class _Loop:
    """One sitting of a training, from the last checkpoint to its end or to an interruption."""

    model: nn.Module
    train_data: LabeledPictures
    valid_data: LabeledPictures
    training: TrainingConfig
    augmentation: Augmentation
    batcher: Batches
    objective: Objective
    execution: Execution
    checkpoints: CheckpointFolder
    hooks: Hooks
    plan: Plan

    def __post_init__(self) -> None:
        self.optimizer = self.plan.optimizer(self.model)
        self.batches = batches_an_epoch(len(self.train_data), self.training.batch_size)
        self.validation_seconds: float | None = None  # of the last epoch
        self.kept, self.keeping_took = time.perf_counter(), 0.0

    def run(self) -> Outcome:
        self.hooks.on_facts(to_json(self.execution))
        self.position = self._last_position()
        self.learner = Learner(self.model, self.optimizer, self.objective, self.training, self.execution)
        history = self.position.history
        while len(history) < self.training.epochs:
            if is_over_early(history, self.training.patience):
                return Outcome(tuple(history), "early")
            if not self._epoch():
                return Outcome(tuple(history), "paused" if self.hooks.should_pause() else "stopped")
        return Outcome(tuple(history), "finished")

    def _last_position(self) -> Position:
        """Where the last sitting ended; a new run first keeps its initial weights."""
        state = self.checkpoints.load_last()
        if state is None:
            position = Position([])
            self._keep(position)
        else:
            position = restore(state, self.model, self.optimizer, self.batcher.device, self.checkpoints.last)
        if position.under_way is None:  # the last sitting may have ended between the checkpoint and these
            self._keep_weights(position.history)
        return position

    def _epoch(self) -> bool:
        """One pass over the training pictures, and the validation; False if it was interrupted."""
        position = self.position
        state = position.under_way or begin_epoch(
            len(position.history) + 1, self.training.seed, self.batcher.device
        )
        position.under_way = state
        watch = Stopwatch(self.batcher.device, state.seconds)
        watch.seconds.update(state.phases)
        self.plan.begin_epoch(self.model, state.epoch)
        if not self._learn(state, watch):
            self._keep_under_way(watch)
            if state.seen:
                self.hooks.on_batch(self._progress(state, watch))
            return False
        self._check_loss(state)
        average_statistics(self.model)
        try:
            score = watch.timed(Phase.VALIDATION, self._validate)
        except Cancelled:
            self._keep_under_way(watch)
            return False
        if not (math.isfinite(score.loss) and is_finite(self.model)):
            raise loss_not_finite(state.epoch, self.training, self.execution)
        record = self._record(state, watch, score)
        position.history.append(record)
        position.under_way = None
        self._keep(position)
        self._keep_weights(position.history)
        self.hooks.on_epoch(record)
        return True

    def _learn(self, state: EpochState, watch: Stopwatch) -> bool:
        """The batches of an epoch that are still to be done; False if interrupted between two."""
        training = self.training
        stream = self.batcher.train_batches(
            self.train_data,
            training.batch_size,
            self.augmentation,
            training.seed,
            state.epoch,
            start=state.batch,
        )
        last_read = time.perf_counter()
        watch.begin(state.batch)
        with closing(stream):
            for batch in stream:
                if any_of(self.hooks.interrupted())[0]:
                    return False
                watch.lap(Phase.DATA)
                done = (state.epoch - 1 + state.batch / self.batches) / training.epochs
                self.plan.set_rates(self.optimizer, done)
                self.learner.step(batch, state.sums, watch)
                state.batch += 1
                state.seen += batch.whole
                now = time.perf_counter()
                look, keep = any_of(
                    now - last_read > READ_EVERY,
                    now - self.kept > max(KEEP_EVERY, self.keeping_took / KEEPING_SHARE),
                )
                if look:
                    last_read = now
                    self._check_loss(state)
                    self.hooks.on_batch(self._progress(state, watch))
                if keep:
                    self._keep_under_way(watch)
                watch.begin(state.batch)
        return True

    def _validate(self) -> Score:
        # Where one of several processes left in the middle, the others would wait for it.
        should_stop = self.hooks.interrupted if is_alone() else never
        return evaluate(self.model, self.valid_data, self.batcher, self.objective, should_stop=should_stop)

    def _record(self, state: EpochState, watch: Stopwatch, score: Score) -> EpochRecord:
        loss, correct, norm = state.sums.tolist()
        learning = watch.elapsed - watch.seconds[Phase.VALIDATION]
        self.validation_seconds = watch.seconds[Phase.VALIDATION]
        return EpochRecord(
            epoch=state.epoch,
            train_loss=loss / state.seen,
            train_accuracy=correct / state.seen,
            valid_loss=score.loss,
            valid_accuracy=score.accuracy,
            learning_rate=self.optimizer.param_groups[0]["lr"],
            seconds=watch.elapsed,
            pictures_per_second=state.seen / learning,
            is_best=is_new_best((score.accuracy, -score.loss), self.position.history),
            gradient_norm=norm / self.batches,
            memory=_peak_memory(self.batcher.device),
            phases=dict(watch.seconds),
        )

    def _progress(self, state: EpochState, watch: Stopwatch) -> BatchProgress:
        rate = state.seen / watch.elapsed
        epochs_after = self.training.epochs - state.epoch
        left = (len(self.train_data) * (epochs_after + 1) - state.seen) / rate
        # Before the first one was timed: a validation picture costs about a third, one forward, no backward.
        validation = self.validation_seconds
        if validation is None:
            validation = len(self.valid_data) / 3 / rate
        return BatchProgress(
            state.epoch,
            state.batch,
            self.batches,
            float(state.sums[LOSS]) / state.seen,
            rate,
            left + (epochs_after + 1) * validation,
        )

    def _check_loss(self, state: EpochState) -> None:
        """Look at the sums on the device, which waits for it.

        Raises:
            LossNotFinite: a loss or a gradient was not finite since the last look.
        """
        if not bool(torch.stack([state.sums[LOSS], state.sums[NORM], state.sums[CORRECT]]).isfinite().all()):
            raise loss_not_finite(state.epoch, self.training, self.execution)

    def _keep_under_way(self, watch: Stopwatch) -> None:
        """A checkpoint within an epoch, unless it would be of a network that no longer computes."""
        state = self.position.under_way
        if state is None:
            return
        self._check_loss(state)
        if not is_finite(self.model):
            raise loss_not_finite(state.epoch, self.training, self.execution)
        state.seconds, state.phases = watch.elapsed, dict(watch.seconds)
        self._keep(self.position)

    def _keep(self, position: Position) -> None:
        begun = time.perf_counter()
        self.checkpoints.save_last(state_of(position, self.model, self.optimizer, self.execution))
        self.kept = time.perf_counter()
        self.keeping_took = self.kept - begun

    def _snapshots(self) -> SnapshotRule:
        state_dict = self.checkpoints.whole(self.model.state_dict())
        size = sum(value.numel() * value.element_size() for value in state_dict.values())
        return self.checkpoints.rule(self.training.epochs, size)

    def _keep_weights(self, history: list[EpochRecord]) -> None:
        """After a checkpoint: the best weights, what the rule keeps, and nothing that it no longer keeps."""
        if history and history[-1].is_best:
            self.checkpoints.save_best(self.checkpoints.whole(self.model.state_dict()))
        rule, folder, epoch = self._snapshots(), self.checkpoints.folder, len(history)
        if rule.keeps(epoch):
            path = snapshot_path(folder, epoch)
            path.parent.mkdir(exist_ok=True)
            save_tensors(self.checkpoints.whole(self.model.state_dict()), path)
        prune(folder, rule, [record.epoch for record in history])


def _peak_memory(device: torch.device) -> int | None:
    """The most bytes so far: of the GPU where one trains, else of this process."""
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else peak_memory()
