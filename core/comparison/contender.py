"""A run as far as it can be compared with others, and whether it may be. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.words import PART_WORDS
from core.errors import ConfigError
from core.models.saved_model import load_model_description
from core.runs.store import Run
from core.training.predictions import Predictions, load_predictions

PARTS = ("test", "valid")  # in the order of preference


@dataclass(frozen=True)
class Contender:
    """`parts` are those of the split, "test" or "valid", that the run has predicted."""

    run: Run
    name: str
    dataset_id: str
    split_id: str
    classes: tuple[str, ...]
    parts: tuple[str, ...]


def contender_of(run: Run) -> Contender:
    """What has to be known of `run` before its predictions are read.

    Raises:
        ConfigError: it has nothing to compare yet.
        RunError, ModelFileError: its folder is damaged.
    """
    config, state = run.config(), run.status().state
    parts = tuple(part for part in PARTS if (run.folder / f"predictions-{part}.npz").exists())
    if state.is_active or not parts:
        raise ConfigError(
            "This run has no final predictions to compare.",
            expected="a run that has ended, with at least one finished epoch",
            found=f"{state}, no predictions" if not state.is_active else str(state),
            fix="Wait for its end, or let it go on." if state.is_active else "Start or continue it.",
        )
    classes = load_model_description(run.folder).classes
    return Contender(
        run, run.name, str(config.get("dataset_id")), str(config.get("split_id")), classes, parts
    )


def difference(first: Contender, other: Contender) -> str | None:
    """What keeps two runs from being compared: another "data set", "list of classes" or "split"."""
    if first.dataset_id != other.dataset_id:
        return "data set"
    if first.classes != other.classes:
        return "list of classes"
    return "split" if first.split_id != other.split_id else None


def check_comparable(first: Contender, other: Contender) -> None:
    """Refuse to compare runs that were not asked the same question.

    Raises:
        ConfigError: they are of different data sets, classes or splits.
    """
    differs = difference(first, other)
    if differs is None:
        return
    sides = {
        "data set": (first.dataset_id, other.dataset_id),
        "list of classes": (", ".join(first.classes), ", ".join(other.classes)),
        "split": (first.split_id, other.split_id),
    }
    one, two = sides[differs]
    raise ConfigError(
        f"{first.name} and {other.name} are not of the same {differs}, so their scores can't be compared.",
        expected=one[:200],
        found=two[:200],
        fix="One may even have learned from pictures that test the other: train both on one split."
        if differs == "split"
        else f"Compare runs of one {differs}.",
    )


def common_part(contenders: Sequence[Contender]) -> str:
    """ "test" where all have it, else "valid".

    Raises:
        ConfigError: there is no part that all have predicted.
    """
    for part in PARTS:
        if all(part in each.parts for each in contenders):
            return part
    raise ConfigError(
        "These runs have not predicted the same pictures.",
        expected="test or validation predictions of each",
        found="; ".join(f"{each.name}: {', '.join(each.parts)}" for each in contenders),
        fix="Continue the ones that lack them for one epoch, which writes them.",
    )


def aligned_predictions(contenders: Sequence[Contender], part: str) -> list[Predictions]:
    """The predictions of that part, of the same pictures in the same order.

    Raises:
        ConfigError: they are not of the same pictures.
        ModelFileError: a file is damaged.
    """
    found = [_sorted(_predictions(each, part)) for each in contenders]
    for contender, predictions in zip(contenders, found, strict=True):
        same = np.array_equal(predictions.rows, found[0].rows)
        if not (same and np.array_equal(predictions.targets, found[0].targets)):
            raise ConfigError(
                f"{contenders[0].name} and {contender.name} were not tested on the same pictures.",
                expected=f"the same {len(found[0].rows):,} {PART_WORDS[part]} pictures",
                found=f"{len(predictions.rows):,}, of which "
                f"{len(np.intersect1d(predictions.rows, found[0].rows)):,} are the same",
                fix="One of them left out pictures that can't be read: start it again.",
            )
    return found


def _predictions(contender: Contender, part: str) -> Predictions:
    predictions = load_predictions(contender.run.folder, part)
    if predictions is None or not len(predictions.targets):
        raise ConfigError(
            f"{contender.name} has no {PART_WORDS[part]} predictions any more.",
            fix="Continue it for one epoch, which writes them.",
        )
    return predictions


def _sorted(predictions: Predictions) -> Predictions:
    order = np.argsort(predictions.rows, kind="stable")
    return Predictions(predictions.rows[order], predictions.targets[order], predictions.probabilities[order])
