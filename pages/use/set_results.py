"""The shown set with all that is known of its pictures: names, answers, true classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.dataset import Rejected
from core.runs.store import Run
from core.serving.familiarity import farthest
from core.serving.prediction_set import (
    Answers,
    folder_labels,
    given_labels,
    left_out,
    names_of,
    picture_path,
)
from core.serving.results import Opinion, opinion_of
from pages.use.chosen_model import ChosenModel
from pages.use.settings import Settings


@dataclass(frozen=True)
class SetResults:
    """Of N pictures: `positions` in the set, `keys` (SHA-256), `truths` where they are known; `labelled` are
    the rows whose truth the user has given. `other` is a second model's opinion.
    """

    pictures: Run
    names: tuple[str, ...]
    positions: tuple[int, ...]
    keys: tuple[str, ...]
    opinion: Opinion
    other: Opinion | None
    truths: tuple[str | None, ...]
    labelled: tuple[int, ...]
    rejected: tuple[Rejected, ...]

    def path(self, row: int) -> Path:
        return picture_path(self.pictures.folder, self.positions[row])


def results_of(
    pictures: Run, models: Sequence[ChosenModel], answers: Sequence[Answers], settings: Settings
) -> SetResults:
    """Put together what is on the disk; of two models only the pictures that both could read."""
    names = names_of(pictures.folder)
    common = answers[0].positions
    for each in answers[1:]:
        common = np.intersect1d(common, each.positions)
    answers = [_only(each, common) for each in answers]
    opinions = [
        opinion_of(model.name, each, _limit(model, settings))
        for model, each in zip(models, answers, strict=True)
    ]
    positions = tuple(common.tolist())
    by_folder = _folder_labels(tuple(names), opinions[0].classes)
    known = set(opinions[0].classes)  # a label may have been given beside another model
    given = {at: label for at, label in given_labels(pictures.folder).items() if label in known}
    return SetResults(
        pictures,
        tuple(names[position] for position in positions),
        positions,
        answers[0].keys,
        opinions[0],
        opinions[1] if len(opinions) > 1 else None,
        tuple(given.get(position, by_folder[position]) for position in positions),
        tuple(row for row, position in enumerate(positions) if position in given),
        (*answers[0].rejected, *left_out(pictures.folder)),
    )


def _limit(model: ChosenModel, settings: Settings) -> float:
    """The distance from which on a picture is none of the classes."""
    familiarity = model.familiarity if settings.share is not None else None
    return np.inf if familiarity is None else farthest(familiarity.distances, settings.share or 0)


def _only(answers: Answers, positions: np.ndarray) -> Answers:
    if np.array_equal(answers.positions, positions):
        return answers
    rows = np.flatnonzero(np.isin(answers.positions, positions))
    return replace(
        answers,
        positions=positions,
        keys=tuple(answers.keys[row] for row in rows.tolist()),
        probabilities=answers.probabilities[rows],
        distances=None if answers.distances is None else answers.distances[rows],
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _folder_labels(names: tuple[str, ...], classes: tuple[str, ...]) -> list[str | None]:
    return folder_labels(names, classes)
