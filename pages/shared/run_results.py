"""What a run has learned, and what not: confusion matrix, scores of each class, the worst mistakes."""

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import WorkbenchError
from core.figures.confusion import short_name
from core.models.saved_model import load_model_description
from core.runs.store import Run
from core.training.metrics import class_scores, confusion_matrix
from core.training.predictions import Predictions, load_predictions
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.calibration_view import show_calibration
from pages.shared.confusion_view import show_confusion, show_pictures
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count

PARTS = {"valid": "Validation", "test": "Test"}
MOST_MISTAKES = 12


def run_results(run: Run, workspace: Workspace) -> None:
    """The results of the best epoch of `run`; nothing if it has none."""
    with errors_shown():
        found = {part: load_predictions(run.folder, part) for part in PARTS}
        parts = [part for part, predictions in found.items() if predictions is not None]
        if not parts:
            return
        st.subheader("Where it is right, and where wrong", anchor=False)
        part = _pick_part(parts, run.id)
        predictions, classes = found[part], load_model_description(run.folder).classes
        dataset = _pictures_of(run, workspace)
        show_confusion(predictions, classes, dataset, f"{run.id}_{part}")
        scores, mistakes = st.columns([6, 5], gap="large")
        with scores:
            _show_scores(predictions, classes)
        with mistakes:
            _show_mistakes(predictions, classes, dataset)
        show_calibration(run, predictions, part)


def _pick_part(parts: list[str], run_id: str) -> str:
    if len(parts) == 1:
        return parts[0]
    chosen = st.segmented_control(
        "Pictures",
        parts,
        default=parts[0],
        required=True,
        format_func=PARTS.get,
        key=f"part_{run_id}",
        help="Validation pictures chose the best epoch; test pictures had no say in anything.",
    )
    return chosen or parts[0]


def _pictures_of(run: Run, workspace: Workspace) -> Dataset | None:
    try:
        return dataset_of(workspace, str(run.config().get("dataset_id")))
    except WorkbenchError as error:
        show_error(error)
        return None


def _show_scores(predictions: Predictions, classes: tuple[str, ...]) -> None:
    confusion = confusion_matrix(predictions.targets, predictions.predicted, len(classes))
    scores = pd.DataFrame(class_scores(confusion, classes))
    scores[["precision", "recall", "f1"]] *= 100
    percent = st.column_config.NumberColumn
    st.markdown("**Each class**")
    st.dataframe(
        scores,
        hide_index=True,
        height=min(38 + 35 * len(scores), 420),
        column_config={
            "label": "Class",
            "precision": percent(
                "Precision", help="Of all that it called this class, how much was?", format="%.1f %%"
            ),
            "recall": percent(
                "Recall", help="Of all that is this class, how much did it find?", format="%.1f %%"
            ),
            "f1": st.column_config.ProgressColumn(
                "F1",
                help="The harmonic mean of precision and recall.",
                format="%.1f %%",
                min_value=0,
                max_value=100,
            ),
            "support": percent("Pictures", help="Pictures whose true class this is."),
        },
    )


def _show_mistakes(predictions: Predictions, classes: tuple[str, ...], dataset: Dataset | None) -> None:
    wrong = int((predictions.predicted != predictions.targets).sum())
    st.markdown("**The worst mistakes**")
    if not wrong:
        st.caption(f"None: all {len(predictions.targets):,} pictures are right.")
        return
    st.caption(
        f"{count(wrong, 'mistake')} in {len(predictions.targets):,} pictures, the most confident first."
    )
    if dataset is not None:
        worst = predictions.worst_mistakes(MOST_MISTAKES)
        names = [short_name(name) for name in classes]
        truths, guesses = predictions.targets[worst], predictions.predicted[worst]
        captions = [
            f"{names[truth]}, not {names[guess]} ({confidence:.0%})"
            for truth, guess, confidence in zip(truths, guesses, predictions.confidence[worst], strict=True)
        ]
        show_pictures(dataset, predictions.rows[worst].tolist(), captions)
