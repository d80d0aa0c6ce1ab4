"""The settings of a CNN run as a scikit-learn estimator, fed from the pixel cache."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor, nn

from core.data.augmentation import augment
from core.models.cnn import build_cnn
from core.training.batches import batches_an_epoch, epoch_order, epoch_seed, unit_range
from core.training.config import CnnRunConfig, Loss, Optimizer, Schedule, TrainingConfig
from core.training.objective import balanced_class_weights
from core.training.optimization import rate_factor, skip_the_compiler
from core.tuning.skorch_config import vary_network

EVALUATED_AT_ONCE = 256  # pictures

_OPTIMIZERS = {
    Optimizer.SGD: torch.optim.SGD,
    Optimizer.ADAM: torch.optim.Adam,
    Optimizer.ADAMW: torch.optim.AdamW,
}


def estimator(
    config: CnnRunConfig,
    cache: Path,
    shape: tuple[int, int, int, int],
    *,
    device: str = "cpu",
    callbacks: Sequence[Callback] = (),
    multiclass: type[NeuralNetClassifier] = NeuralNetClassifier,
    binary: type[NeuralNetBinaryClassifier] = NeuralNetBinaryClassifier,
    **more: Any,
) -> NeuralNetClassifier | NeuralNetBinaryClassifier:
    """The network and training of `config`, in float32, with parameters to set in scikit-learn's way.

    It fits and predicts rows (N,) of the pixel cache: the file `cache`, uint8 of `shape` (N, H, W, C), is
    mapped, so only a batch is ever in memory as float. Weights, order and dropout are drawn from the seed of
    the settings as in a run, so that a fit depends on nothing that came before it. Early stopping is left
    out: in cross-validation no picture is left to stop by.

    `lr`, `batch_size`, `max_epochs`, `optimizer__...` and `module__filters`, `module__kernel`,
    `module__dropout` are those of `core.tuning.skorch_config`; `more` goes to the class.
    """
    skip_the_compiler()
    training = config.training
    single_logit = training.loss is Loss.SINGLE_LOGIT
    optimizer: dict[str, Any] = {"weight_decay": training.weight_decay, "fused": True}
    if training.optimizer is Optimizer.SGD:
        optimizer["momentum"] = training.momentum
    settings: dict[str, Any] = {
        "criterion": nn.BCEWithLogitsLoss if single_logit else nn.CrossEntropyLoss,
        "train_split": None,
        "lr": training.learning_rate,
        "batch_size": training.batch_size,
        "max_epochs": training.epochs,
        "module__config": config,
        "module__filters": None,
        "module__kernel": None,
        "module__dropout": None,
        "optimizer": _OPTIMIZERS[training.optimizer],
        **{f"optimizer__{name}": value for name, value in optimizer.items()},
        "dataset": CachedPictures,
        "dataset__cache": cache,
        "dataset__shape": shape,
        "dataset__dtype": torch.float32 if single_logit else torch.int64,
        "iterator_train": FoldBatches,
        "iterator_train__seed": training.seed,
        "iterator_valid": FoldBatches,
        "iterator_valid__batch_size": EVALUATED_AT_ONCE,
        "callbacks": [*_callbacks(training, len(config.classes)), *callbacks],
        "device": device,
        "verbose": 0,
        **more,
    }
    if single_logit:
        return binary(PictureCnn, **settings)
    return multiclass(PictureCnn, classes=list(range(len(config.classes))), **settings)


def _callbacks(training: TrainingConfig, classes: int) -> list[Callback]:
    callbacks: list[Callback] = [Seeds(training.seed)]
    if training.class_weights:
        callbacks.append(BalancedClasses(classes))
    if training.gradient_clip is not None:
        callbacks.append(GradientNormClipping(training.gradient_clip))
    if training.schedule is not Schedule.CONSTANT:
        callbacks.append(BatchSchedule(training))
    return callbacks


class PictureCnn(nn.Module):
    """The CNN of a run from uint8 (B, H, W, C) to logits; normalizes, and augments while it learns."""

    def __init__(
        self,
        config: CnnRunConfig,
        filters: int | None = None,
        kernel: int | None = None,
        dropout: float | None = None,
    ) -> None:
        super().__init__()
        pictures = config.preprocessing
        self.augmentation = config.augmentation
        self.cnn = build_cnn(
            vary_network(config.cnn, filters, kernel, dropout), pictures.shape, config.outputs
        )
        self.cnn = self.cnn.to(memory_format=torch.channels_last)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(pictures.mean), persistent=False)
        self.register_buffer("std", torch.tensor(pictures.std), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        unit = unit_range(pixels)
        if self.training and not self.augmentation.is_off:
            changed = augment(unit.permute(0, 3, 1, 2), self.augmentation, torch.default_generator)
            unit = changed.permute(0, 2, 3, 1)
        return self.cnn(((unit - self.mean) / self.std).permute(0, 3, 1, 2))


class CachedPictures(torch.utils.data.Dataset):
    """Rows of a pixel cache with their labels (N,), read batch by batch."""

    def __init__(
        self,
        rows: np.ndarray,
        labels: np.ndarray | None,
        cache: Path,
        shape: tuple[int, int, int, int],
        dtype: torch.dtype = torch.int64,
    ) -> None:
        self.rows = np.asarray(rows)
        self.labels = np.zeros(len(self.rows)) if labels is None else np.asarray(labels)
        self.pixels = np.memmap(cache, np.uint8, "r", shape=shape)
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, positions: int | np.ndarray) -> tuple[Tensor, Tensor]:
        pixels = np.array(self.pixels[self.rows[positions]])
        return torch.from_numpy(pixels), torch.as_tensor(self.labels[positions], dtype=self.dtype)


class FoldBatches:
    """The batches of a fold: with a `seed` shuffled each epoch, in a run's own order; else as they stand.

    A last batch of one picture joins the one before it: batch norm can't be trained on one value.
    """

    def __init__(self, pictures: CachedPictures, batch_size: int, seed: int | None = None) -> None:
        self.pictures, self.batch_size, self.seed = pictures, batch_size, seed
        self.epoch = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.epoch += 1
        order = (
            torch.arange(len(self.pictures)).split(self.batch_size)
            if self.seed is None
            else epoch_order(len(self.pictures), self.batch_size, self.seed, self.epoch)
        )
        for positions in order:
            yield self.pictures[positions.numpy()]


class Seeds(Callback):
    """Draws the weights from `seed`, and dropout and augmentation of each epoch from that and its number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def initialize(self) -> "Seeds":
        """Called before the module is made."""
        torch.manual_seed(self.seed)
        return self

    def on_epoch_begin(self, net: NeuralNetClassifier, **kwargs: Any) -> None:
        torch.manual_seed(epoch_seed(self.seed, len(net.history)))


class BalancedClasses(Callback):
    """Weighs each class by the inverse of its share of the pictures that are fitted."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def on_train_begin(self, net: NeuralNetClassifier, y: np.ndarray | None = None, **kwargs: Any) -> None:
        weights = torch.from_numpy(balanced_class_weights(np.asarray(y), self.classes)).to(net.device)
        if isinstance(net.criterion_, nn.BCEWithLogitsLoss):
            net.criterion_.pos_weight = weights[1] / weights[0]
        else:
            net.criterion_.weight = weights


class BatchSchedule(Callback):
    """Moves the learning rate from batch to batch as the schedule of `training` says."""

    def __init__(self, training: TrainingConfig) -> None:
        self.training = training

    def on_epoch_begin(
        self, net: NeuralNetClassifier, dataset_train: CachedPictures | None = None, **kwargs: Any
    ) -> None:
        self.batch_, self.batches_ = 0, batches_an_epoch(len(dataset_train or ()), net.batch_size)

    def on_batch_begin(self, net: NeuralNetClassifier, training: bool = False, **kwargs: Any) -> None:
        if not training:
            return
        progress = (len(net.history) - 1 + self.batch_ / self.batches_) / net.max_epochs
        for group in net.optimizer_.param_groups:
            group["lr"] = net.lr * rate_factor(replace(self.training, epochs=net.max_epochs), progress)
        self.batch_ += 1
