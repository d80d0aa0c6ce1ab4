"""The confusion matrix of a run, and the pictures behind each of its cells."""

from collections.abc import Sequence

import streamlit as st

from core.data.dataset import Dataset
from core.errors import WorkbenchError
from core.figures.confusion import cell_of_selection, confusion_figure
from core.training.metrics import confusion_matrix
from core.training.predictions import Predictions
from pages.shared.caches import thumbnails_of
from pages.shared.text import count, plain

SIDE = 84  # pixels
MOST_PICTURES = 24


@st.fragment
def show_confusion(
    predictions: Predictions, classes: tuple[str, ...], dataset: Dataset | None, key: str
) -> None:
    """The matrix, and beside it the pictures of the cell that was pressed or chosen last."""
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


def show_pictures(
    dataset: Dataset, rows: Sequence[int], captions: Sequence[str], *, side: int = SIDE
) -> None:
    """Pictures `rows` of the data set side by side; one that can't be read leaves the others."""
    with st.container(horizontal=True, gap="small"):
        for row, caption in zip(rows, captions, strict=True):
            try:
                image = thumbnails_of(dataset, [row], side)[0]
            except WorkbenchError as error:
                st.caption(f"{plain(dataset.pictures[row].name)}: {plain(error.problem)}", width=side)
                continue
            name = dataset.pictures[row].name
            st.image(image, caption=plain(caption), alt=f"{name}: {caption}", output_format="PNG", width=side)
