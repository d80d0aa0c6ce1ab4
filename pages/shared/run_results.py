"""What a run has learned, and what not: confusion matrix, scores of each class, the worst mistakes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.errors import WorkbenchError
from core.figures.confusion import cell_of_selection, confusion_figure, short_name
from core.models.saved_model import load_model_description
from core.runs.store import Run
from core.training.metrics import class_scores, confusion_matrix
from core.training.predictions import Predictions, load_predictions
from core.workspace import Workspace
from pages.shared.caches import dataset_of, thumbnails_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, plain

PARTS = {"valid": "Validation", "test": "Test"}
SIDE = 84  # pixels
MOST_PICTURES = 24


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
        st.fragment(_show_confusion)(predictions, classes, dataset, f"{run.id}_{part}")
        scores, mistakes = st.columns([5, 6], gap="large")
        with scores:
            _show_scores(predictions, classes)
        with mistakes:
            _show_mistakes(predictions, classes, dataset)


def show_pictures(dataset: Dataset, rows: Sequence[int], captions: Sequence[str]) -> None:
    """Pictures `rows` of the data set side by side; one that can't be read leaves the others."""
    with st.container(horizontal=True, gap="small"):
        for row, caption in zip(rows, captions, strict=True):
            try:
                image = thumbnails_of(dataset, [row], SIDE)[0]
            except WorkbenchError as error:
                st.caption(f"{plain(dataset.pictures[row].name)}: {plain(error.problem)}", width=SIDE)
                continue
            name = dataset.pictures[row].name
            st.image(image, caption=plain(caption), alt=f"{name}: {caption}", output_format="PNG", width=SIDE)


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


def _show_confusion(
    predictions: Predictions, classes: tuple[str, ...], dataset: Dataset | None, key: str
) -> None:
    confusion = confusion_matrix(predictions.targets, predictions.predicted, len(classes))
    filled = [(t, p) for t in range(len(classes)) for p in range(len(classes)) if confusion[t, p]]
    cells = sorted(filled, key=lambda cell: (cell[0] == cell[1], -confusion[cell] * (cell[0] != cell[1])))
    chart_key, cell_key = f"matrix_{key}", f"cell_{key}"

    def take_click() -> None:
        clicked = cell_of_selection(st.session_state[chart_key].selection.points)
        if clicked in cells:
            st.session_state[cell_key] = clicked

    matrix, behind = st.columns([5, 6], gap="large")
    with behind:
        st.markdown("**The pictures behind a cell.** Press a cell of the matrix, or choose one here.")
        cell = st.selectbox(
            "Cell",
            cells,
            format_func=lambda cell: _cell_words(classes, *cell, int(confusion[cell])),
            key=cell_key,
            label_visibility="collapsed",
        )
        inside = predictions.of_cell(*cell)
        if dataset is not None:
            shown = inside[:MOST_PICTURES]
            captions = [f"{predictions.confidence[i]:.0%} sure" for i in shown]
            show_pictures(dataset, predictions.rows[shown].tolist(), captions)
        if len(inside) > MOST_PICTURES:
            st.caption(f"The {MOST_PICTURES} most confident of {len(inside):,}.")
    with matrix:
        st.plotly_chart(
            confusion_figure(confusion, classes, cell),
            key=chart_key,
            on_select=take_click,
            selection_mode="points",
            config={"displayModeBar": False},
            alt="Confusion matrix: rows are the true classes, columns the predicted ones",
        )


def _cell_words(classes: tuple[str, ...], true: int, predicted: int, pictures: int) -> str:
    if true == predicted:
        return f"{classes[true]}, rightly: {count(pictures, 'picture')}"
    return f"{classes[true]} taken for {classes[predicted]}: {count(pictures, 'picture')}"


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
        worst = predictions.worst_mistakes(MOST_PICTURES // 2)
        names = [short_name(name) for name in classes]
        truths, guesses = predictions.targets[worst], predictions.predicted[worst]
        captions = [
            f"{names[truth]}, not {names[guess]} ({confidence:.0%})"
            for truth, guess, confidence in zip(truths, guesses, predictions.confidence[worst], strict=True)
        ]
        show_pictures(dataset, predictions.rows[worst].tolist(), captions)
