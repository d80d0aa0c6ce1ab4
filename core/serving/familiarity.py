"""How familiar a picture is to a model, and from where on to answer "none of these". No torch.

The score is the distance of a picture's last features from those of the most similar training picture (Sun
et al. 2022, "Out-of-distribution detection with deep nearest neighbors", with k = 1). Measured beside the
greatest probability and logit, the energy and the Mahalanobis distance: tests/benchmarks/README.md.
"""

import random
import secrets
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.dataset import Dataset, Rejected, load_dataset
from core.data.parallel import Progress, StopCheck, never, unhurried
from core.data.splitting import load_split
from core.errors import ConfigError
from core.runs.store import Run
from core.workspace import Workspace, put_in_place

if TYPE_CHECKING:
    from core.serving.prediction import Predictor  # at run time it would load torch

FAMILIARITY_FILE = "familiarity.npz"
MOST_KNOWN, MOST_JUDGED = 2_000, 2_000  # training and validation pictures
ROWS = 256  # that are compared with all known ones at a time


@dataclass(frozen=True)
class Familiarity:
    """`known` (M, D) are the last features of training pictures, `distances` (V,) how far validation pictures
    are from the nearest of them, in order.
    """

    known: np.ndarray
    distances: np.ndarray


def distance(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """float32 (N,): how far each of `features` (N, D) is from the nearest of `known` (M, D), Euclidean."""
    squares = (known**2).sum(1)
    parts = []
    for start in range(0, len(features), ROWS):
        rows = features[start : start + ROWS]
        squared = (rows**2).sum(1) + (squares - 2 * rows @ known.T).min(1)
        parts.append(np.sqrt(np.maximum(squared, 0)))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def farthest(distances: np.ndarray, share: float) -> float:
    """The distance beyond which a picture is none of the classes: at most `share` of known ones lie there.

    `distances` (V,) are those of validation pictures. The k-th smallest with k = ceil((V + 1)(1 - share)): of
    V + 1 pictures of one kind, any is as likely the one to come (conformal prediction, Vovk et al. 2005).
    Infinite where V is too small to promise that.
    """
    k = ceil((len(distances) + 1) * (1 - share) - 1e-9)
    return float(np.sort(distances)[k - 1]) if k <= len(distances) else float("inf")


def least_pictures(share: float) -> int:
    """How many validation pictures it takes to reject any, for that share."""
    return ceil(1 / share - 1e-9) - 1


def familiarity_of(run: Run, stamp: str) -> Familiarity | None:
    """What was learned of the model of `run` with that stamp (core.serving.model_sources); None where nothing
    was.
    """
    try:
        with np.load(run.folder / FAMILIARITY_FILE, allow_pickle=False) as arrays:
            if str(arrays["stamp"]) == stamp:
                return Familiarity(arrays["known"], arrays["distances"])
    except Exception:  # not there, or damaged in one of the many ways that numpy and zipfile know
        pass
    return None


def learn_familiarity(
    workspace: Workspace,
    run: Run,
    predictor: "Predictor",
    stamp: str,
    *,
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> Familiarity:
    """Look at the training and validation pictures of `run`, up to a few thousand, and keep what was found.

    `stamp` is what the model had before `predictor` was read, for the run may be learning meanwhile.

    Raises:
        DatasetError: its data set or split is gone.
        ConfigError: none of its pictures can be read.
        Cancelled: `should_stop` said so.
    """
    config = run.config()
    dataset = load_dataset(workspace, str(config.get("dataset_id")))
    split = load_split(dataset, str(config.get("split_id")))
    train, valid = _some(split.train, MOST_KNOWN), _some(split.valid, MOST_JUDGED)
    total, report = len(train) + len(valid), unhurried(on_progress)
    found: list[np.ndarray] = []
    done = 0
    for rows in (train, valid):
        parts = []
        with closing(_features(predictor, dataset, rows, should_stop)) as batches:
            for features in batches:
                parts.append(features)
                done += len(features)
                report(done, total, "learning what known pictures look like")
        if not parts:
            raise ConfigError(
                "What the model knows can't be learned: no picture of its data set can be read.",
                fix="Import the data set again, and train on that.",
            )
        found.append(np.concatenate(parts))
    known, judged = found
    familiarity = Familiarity(known, np.sort(distance(judged, known)))
    partial = run.folder / f".{FAMILIARITY_FILE}-{secrets.token_hex(4)}"  # two jobs may learn it
    with partial.open("wb") as file:
        np.savez(file, known=known, distances=familiarity.distances, stamp=np.array(stamp))
    put_in_place(partial, run.folder / FAMILIARITY_FILE)
    return familiarity


def _features(
    predictor: "Predictor", dataset: Dataset, rows: Sequence[int], should_stop: StopCheck
) -> Generator[np.ndarray, None, None]:
    """The last features (B, D) of pictures `rows`, batch by batch; those that can't be read are left out."""
    from core.serving.reading import read_batches

    pictures = [dataset.pictures[row] for row in rows]
    files: list[tuple[str, Path]] = [(picture.name, dataset.path(picture)) for picture in pictures]
    unreadable: list[Rejected] = []
    with closing(read_batches(predictor, files, unreadable, should_stop)) as batches:
        for batch in batches:
            yield predictor.predict_with_features([read.received for read in batch])[1]


def _some(rows: Sequence[int], most: int) -> list[int]:
    return sorted(random.Random(0).sample(list(rows), min(most, len(rows))))
