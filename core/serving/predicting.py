"""Asking a model about all pictures of a set: streamed, so that memory doesn't grow with their number."""

from contextlib import closing
from typing import TYPE_CHECKING, cast

import numpy as np

from core.data.dataset import Rejected
from core.data.parallel import Progress, StopCheck, never, unhurried
from core.errors import Cancelled
from core.serving.familiarity import Familiarity, distance
from core.serving.prediction_set import Answers, Asked, names_of, picture_path, save_answers, unpack
from core.serving.predicts import Predicts
from core.serving.reading import read_batches
from core.serving.views import Looks, seen

if TYPE_CHECKING:
    from pathlib import Path

    from core.serving.prediction import Predictor


def predict_set(
    folder: "Path",
    asked: Asked,
    model: Predicts,
    familiarity: Familiarity | None = None,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> Answers:
    """Ask `model` about every picture of the set in `folder`, and keep its answers there.

    With `familiarity`, which takes a model with features, also how far each picture is from what it knows.

    Raises:
        ImportRefused: the set's zip can't be used, or its pictures are gone.
        Cancelled: `should_stop` said so; no answers are kept then.
    """
    report = unhurried(on_progress)
    unpack(folder, on_progress=report, should_stop=should_stop)
    files = [(name, picture_path(folder, position)) for position, name in enumerate(names_of(folder))]
    rejected: list[Rejected] = []
    positions: list[int] = []
    keys: list[str] = []
    shares = [np.zeros((0, len(model.classes)), np.float32)]
    distances = [np.zeros(0, np.float32)]
    report(0, len(files), "predicting")
    with closing(read_batches(model, files, rejected, should_stop)) as batches:
        for batch in batches:
            if should_stop():
                raise Cancelled
            probabilities, features = _look(
                model, np.stack([read.received for read in batch]), asked.looks, familiarity is not None
            )
            shares.append(probabilities)
            if familiarity is not None and features is not None:
                distances.append(distance(features, familiarity.known))
            positions += [read.position for read in batch]
            keys += [read.key for read in batch]
            report(len(positions) + len(rejected), len(files), "predicting")
    answers = Answers(
        tuple(model.classes),
        model.temperature,
        np.array(positions, np.int64),
        tuple(keys),
        np.concatenate(shares),
        np.concatenate(distances) if familiarity is not None else None,
        tuple(rejected),
    )
    save_answers(folder, asked, answers)
    return answers


def _look(
    model: Predicts, received: np.ndarray, looks: Looks, with_features: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """The mean probabilities (B, K) over all views of a batch (B, H, W, C), and the features of the first."""
    first, *others = seen(received, looks)
    features = None
    if with_features:
        probabilities, features = cast("Predictor", model).predict_with_features(list(first))
    else:
        probabilities = model.predict(list(first))
    answers = np.stack([probabilities, *(model.predict(list(view)) for view in others)])
    return answers.mean(0), features
