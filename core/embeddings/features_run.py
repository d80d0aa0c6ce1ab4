"""One run by features and logistic regression, from its settings to its results."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from core.data.dataset import Dataset, load_dataset
from core.data.parallel import Progress
from core.data.pixel_cache import pixels_of
from core.data.splitting import Split, check_trainable, load_split
from core.embeddings.classifiers import Compared, FeatureModel, Make, compare, fit, mean_loss
from core.embeddings.config import FeaturesRunConfig
from core.embeddings.extraction import Extracted, Extractor, extract, open_extractor
from core.embeddings.matrices import matrices
from core.embeddings.projection import MOST_POINTS, project, sample, save_map
from core.errors import Cancelled, DatasetError
from core.models.feature_classifier import FeatureClassifier
from core.models.saved_model import SavedFeatures, save_model_description
from core.processes import peak_memory
from core.training.allocator import keep_freed_memory
from core.training.checkpoint import CheckpointFolder
from core.training.config import Loss
from core.training.history import EpochRecord, Hooks
from core.training.objective import probabilities
from core.training.predictions import save_predictions
from core.workspace import Workspace

CHECKED = 16  # validation pictures whose prediction is made once more with the model as it is saved


@dataclass(frozen=True)
class FeaturesRunResult:
    """`record` is the one "epoch" of the run; `compared` are other classifiers on the same features.

    `difference` is the largest between a probability of the run and that of the saved model, which computes
    in float32, on a few validation pictures.
    """

    record: EpochRecord
    test_accuracy: float | None
    parameters: int
    model: FeatureModel
    compared: tuple[Compared, ...]
    extracted: Extracted
    difference: float


@dataclass(frozen=True)
class _Part:
    """Pictures `rows` of one side of the split, with the class index of each."""

    rows: np.ndarray
    labels: np.ndarray


def run_features(
    workspace: Workspace,
    config: FeaturesRunConfig,
    folder: Path,
    *,
    device: str = "cpu",
    hooks: Hooks | None = None,
    on_progress: Progress = lambda done, total, what: None,
) -> FeaturesRunResult:
    """Extract features, fit on those of the training pictures, and leave `best.pt`, `model.json`,
    predictions and the map in `folder`.

    An interrupted run goes on from the features on the disk.

    Raises:
        DatasetError: the data set or its split is gone or has changed, or pictures can't be read any more.
        ModelFileError: the backbone's weights are not on this machine.
        ConfigError: there is nothing to learn from, or to validate on.
        Cancelled: `hooks` said so.
    """
    hooks = hooks or Hooks()
    keep_freed_memory()
    stop = hooks.interrupted
    begun = time.perf_counter()
    dataset, train, valid, test = _open(workspace, config)
    on_progress(0, 0, "loading the backbone")
    extractor = open_extractor(workspace, config.backbone, config.weights_seed)
    everything = np.concatenate([train.rows, valid.rows, test.rows]).tolist()
    extracted = extract(
        workspace, extractor, dataset, everything, device=device, on_progress=on_progress, should_stop=stop
    )
    hooks.on_facts(
        {
            "device": device,
            "precision": str(extracted.numbers.precision),
            "milliseconds": extracted.numbers.milliseconds,
            "sample": extracted.numbers.pictures,
            "cosine": extracted.numbers.cosine,
            "features": extractor.features,
            "computed": extracted.computed,
            "found": len(everything) - extracted.computed,
            "extraction_seconds": extracted.seconds,
        }
    )
    with extracted.store, matrices(workspace.caches / "features") as make:
        parts = {side: _read(extracted, dataset, part, make) for side, part in _sides(train, valid, test)}
        model = fit(
            parts["train"],
            train.labels,
            config.classes,
            c=config.regularization,
            max_iter=config.max_iter,
            class_weights=config.class_weights,
            seed=config.seed,
            make=make,
            tell=on_progress,
            should_stop=stop,
        )
        if stop():
            raise Cancelled
        on_progress(0, 0, "predicting every validation picture")
        saved = SavedFeatures(config.backbone, extractor.features, extractor.receives, config.classes)
        network = as_network(extractor, model)
        save_model_description(folder, saved)
        CheckpointFolder(folder).save_best(network.state_dict())
        said = {side: model.probabilities(parts[side]) for side in parts}
        for side, part in (("valid", valid), ("test", test)):
            if len(part.rows):
                save_predictions(folder, side, part.rows, part.labels, said[side].astype(np.float32))
        record = EpochRecord(
            epoch=1,
            train_loss=mean_loss(said["train"], train.labels),
            train_accuracy=_accuracy(said["train"], train.labels),
            valid_loss=mean_loss(said["valid"], valid.labels),
            valid_accuracy=_accuracy(said["valid"], valid.labels),
            learning_rate=0.0,
            seconds=time.perf_counter() - begun,
            pictures_per_second=extracted.computed / max(extracted.seconds, 1e-9),
            is_best=True,
            memory=peak_memory(),
        )
        hooks.on_epoch(record)
        difference = _difference(network, dataset, valid.rows, said["valid"], saved)
        compared = compare(
            model,
            parts["train"],
            train.labels,
            parts["valid"],
            valid.labels,
            seed=config.seed,
            tell=on_progress,
            should_stop=stop,
        )
        hooks.on_facts(
            {
                "c": model.c,
                "tried": [asdict(each) for each in model.tried],
                "folds": model.folds,
                "notes": list(model.notes),
                "compared": [asdict(each) for each in compared],
                "difference": difference,
            }
        )
        on_progress(0, 0, "drawing the map of the features")
        _draw(extracted, dataset, model, everything, folder, config.seed, make)
    return FeaturesRunResult(
        record,
        _accuracy(said["test"], test.labels) if len(test.rows) else None,
        sum(value.numel() for value in extractor.model.parameters()) + _fitted_numbers(model),
        model,
        tuple(compared),
        extracted,
        difference,
    )


def as_network(extractor: Extractor, model: FeatureModel) -> FeatureClassifier:
    """Backbone, scaler and regression as one network, in eval mode."""
    regression, scaler = model.regression, model.scaler
    outputs, features = regression.coef_.shape
    network = FeatureClassifier(extractor.model, features, outputs)
    for name, values in (
        ("mean", scaler.mean_),
        ("scale", scaler.scale_),
        ("weight", regression.coef_),
        ("bias", regression.intercept_),
    ):
        getattr(network, name).copy_(torch.from_numpy(np.asarray(values, np.float64)))
    return network.eval()


def _open(workspace: Workspace, config: FeaturesRunConfig) -> tuple[Dataset, _Part, _Part, _Part]:
    """The data set, and the pictures to learn from, to validate on and to test with."""
    dataset = load_dataset(workspace, config.dataset_id)
    if dataset.classes != config.classes:
        raise DatasetError(
            f"The classes of data set {dataset.name} have changed since this run was made.",
            expected=", ".join(config.classes),
            found=", ".join(dataset.classes),
            fix="Start a new run.",
        )
    split: Split = load_split(dataset, config.split_id)
    check_trainable(split)
    labels, left_out = dataset.labels(), set(config.without)

    def part(rows: Sequence[int]) -> _Part:
        kept = np.asarray([row for row in rows if dataset.pictures[row].key not in left_out], np.int64)
        return _Part(kept, labels[kept])

    return dataset, part(split.train), part(split.valid), part(split.test)


def _sides(train: _Part, valid: _Part, test: _Part) -> list[tuple[str, _Part]]:
    return [("train", train), ("valid", valid), ("test", test)]


def _read(extracted: Extracted, dataset: Dataset, part: _Part, make: Make) -> np.ndarray:
    """float32 (N, D)."""
    matrix = make(len(part.rows), extracted.store.features)
    return extracted.store.read([dataset.pictures[row].key for row in part.rows.tolist()], matrix)


def _accuracy(said: np.ndarray, labels: np.ndarray) -> float:
    return float((said.argmax(1) == labels).mean())


def _fitted_numbers(model: FeatureModel) -> int:
    return int(model.regression.coef_.size + model.regression.intercept_.size)


def _difference(
    network: FeatureClassifier, dataset: Dataset, rows: np.ndarray, said: np.ndarray, saved: SavedFeatures
) -> float:
    """The largest between a probability as it was `said` (N, K), and as the saved model says it."""
    pixels = np.stack([pixels_of(dataset, row, saved.preprocessing) for row in rows[:CHECKED].tolist()])
    with torch.inference_mode():
        logits = network(torch.from_numpy(saved.preprocessing.normalized(pixels)))
    loss = Loss.SINGLE_LOGIT if saved.single_logit else Loss.CROSS_ENTROPY
    return float(np.abs(probabilities(logits, loss).numpy() - said[:CHECKED]).max())


def _draw(
    extracted: Extracted,
    dataset: Dataset,
    model: FeatureModel,
    rows: Sequence[int],
    folder: Path,
    seed: int,
    make: Make,
) -> None:
    chosen = np.asarray(rows)[sample(len(rows), MOST_POINTS, seed)]
    if len(chosen) > 1:
        features = extracted.store.read([dataset.pictures[row].key for row in chosen.tolist()])
        save_map(project(model.scaler.transform(features), chosen, seed), folder)
