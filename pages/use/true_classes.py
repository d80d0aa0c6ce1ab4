"""How right a model is on pictures whose classes are known, and whether it has seen them before."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import streamlit as st

from core.data.dataset import Dataset, Picture
from core.errors import WorkbenchError
from core.training.metrics import accuracy_interval
from core.training.predictions import Predictions
from core.workspace import Workspace
from pages.shared.caches import dataset_of, split_of
from pages.shared.confusion_view import show_confusion
from pages.shared.text import count
from pages.use.chosen_model import ChosenModel
from pages.use.set_results import SetResults


def show_true_classes(results: SetResults, model: ChosenModel, workspace: Workspace) -> None:
    """Accuracy with its interval, the confusion matrix, and what the model has learned from; nothing where no
    class is known.
    """
    opinion = results.opinion
    places = {name: place for place, name in enumerate(opinion.classes)}
    known = [row for row, truth in enumerate(results.truths) if truth in places]
    if not known:
        return
    st.subheader("Against the true classes", anchor=False)
    learned = _learned(model, workspace)
    new = [row for row in known if results.keys[row] not in learned]
    seen = len(known) - len(new)
    if seen:
        st.warning(
            f"The model has seen {seen:,} of these {count(len(known), 'picture')} in its training: they tell "
            "nothing about new ones" + (", and are left out below." if new else "."),
            icon=":material/visibility:",
        )
    rows = np.array(new or known)
    targets = np.array([places[results.truths[row]] for row in rows.tolist()])  # type: ignore[index]
    predictions = Predictions(rows, targets, opinion.probabilities[rows])
    right = int((predictions.predicted == targets).sum())
    low, high = accuracy_interval(right, len(rows))
    numbers = st.grid(4, min_column_width=150)
    numbers.metric(
        "Accuracy",
        f"{right / len(rows):.1%}",
        delta=f"{low:.1%} to {high:.1%}",
        delta_color="off",
        delta_arrow="off",
        help="Of all pictures of this kind, the share that is right lies in the range below it with a "
        "certainty of 95 % (Wilson's interval).",
    )
    numbers.metric("Right", f"{right:,} of {len(rows):,}")
    if opinion.is_none.any():
        rejected = int(opinion.is_none[rows].sum())
        numbers.metric(
            "None of these",
            f"{rejected / len(rows):.1%}",
            help=f"{rejected:,} of these pictures, though all are of known classes. The accuracy counts the "
            "class that each would else be taken for.",
        )
    show_confusion(predictions, opinion.classes, _as_dataset(results), f"set_{results.pictures.id}")


def _learned(model: ChosenModel, workspace: Workspace) -> set[str]:
    """The keys of the pictures that the model learned from; none where its data set is gone."""
    if model.run is None:
        return set()
    with suppress(WorkbenchError):
        config = model.run.config()
        dataset = dataset_of(workspace, str(config.get("dataset_id")))
        split = split_of(dataset, str(config.get("split_id")))
        return {dataset.pictures[row].key for row in split.train}
    return set()


def _as_dataset(results: SetResults) -> Dataset:
    """The set as pictures with labels, so that what shows those of a data set shows these."""
    folder = results.pictures.folder
    pictures = tuple(
        Picture(key, str(results.path(row).relative_to(folder)), name, truth or "", None, 0, 0, "", "", 0)
        for row, (key, name, truth) in enumerate(
            zip(results.keys, results.names, results.truths, strict=True)
        )
    )
    return Dataset(
        results.pictures.id, results.pictures.name, folder, 0, "", results.opinion.classes, pictures
    )
