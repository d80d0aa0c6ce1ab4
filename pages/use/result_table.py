"""The answers about a set as a table; one tick shows a picture closely."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.serving.results import top_classes
from pages.use.current_set import look_at
from pages.use.set_results import SetResults

TOP = 3


def show_table(results: SetResults, rows: np.ndarray) -> None:
    """The pictures in `rows`, a line each."""
    opinion, other = results.opinion, results.other
    words, confidence = opinion.words, 100 * opinion.confidence
    columns: dict[str, list] = {
        "Picture": [results.names[row] for row in rows],
        "Prediction": [words[row] for row in rows],
        "Probability": [confidence[row] for row in rows],
    }
    if other is not None:
        said, sure = other.words, 100 * other.confidence
        columns[f"By {other.name}"] = [said[row] for row in rows]
        columns["Its probability"] = [sure[row] for row in rows]
    if any(results.truths):
        columns["True class"] = [results.truths[row] or "" for row in rows]
    columns["Likeliest classes"] = [likeliest(results, row) for row in rows]
    bar = st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)
    event = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        column_config={"Probability": bar, "Its probability": bar},
        on_select="rerun",
        selection_mode="single-row",
        key=f"table_{results.pictures.id}",
    )
    st.caption("Tick a line to see its picture closely.")
    if event.selection.rows:
        position = results.positions[rows[event.selection.rows[0]]]
        if st.session_state.get("ticked") != position:
            st.session_state["ticked"] = position
            look_at(position)
            st.rerun()


def likeliest(results: SetResults, row: int) -> str:
    """The most probable classes of the picture in that row, in words."""
    shares = results.opinion.probabilities[row]
    best = top_classes(shares, TOP).tolist()
    return ", ".join(f"{results.opinion.classes[k]} ({shares[k]:.1%})" for k in best)
