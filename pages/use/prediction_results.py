"""What a network makes of pictures: one closely, all as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.data.decoding import open_picture
from core.data.thumbnails import enlarged, thumbnail
from core.figures.probabilities import probability_figure
from core.runs.store import Run
from core.serving.picture_files import (
    FilePredictions,
    PictureFile,
    predict_files,
    predictions_csv,
    top_classes,
)
from pages.shared.held import held_models
from pages.shared.text import count, numbered, plain

if TYPE_CHECKING:
    from core.serving.prediction import Predictor

SIDE = 150  # pixels
FEW_CLASSES, MOST_CLASSES = 5, 20


def predictor_of(run: Run) -> Predictor:
    """The best model of `run` as it stands on disk now.

    Raises:
        ModelFileError: there is none, or its files are damaged.
    """
    from core.serving.prediction import load_predictor

    weights = run.folder / "best.pt"
    written = weights.stat().st_mtime_ns if weights.exists() else 0
    return held_models().take(f"predict/{run.folder}/{written}", lambda: load_predictor(run))


def predictions_of(
    run: Run, predictor: Predictor, files: Sequence[PictureFile], fingerprint: tuple[str, ...]
) -> FilePredictions:
    """Predictions of `files`, made once for the same files and weights."""
    written = (run.folder / "best.pt").stat().st_mtime_ns
    return _predictions(run.id, written, fingerprint, predictor, files)


def show_one(predictions: FilePredictions, files: Sequence[PictureFile]) -> int:
    """One picture: as given, as the network received it, and the probability of the likeliest classes.

    Its place among the predictions is returned.
    """
    chosen = 0
    if len(predictions.names) > 1:
        guesses = [predictions.classes[guess] for guess in predictions.predicted]
        words = numbered(f"{n}: {guess}" for n, guess in zip(predictions.names, guesses, strict=True))
        chosen = st.selectbox("Picture", range(len(words)), format_func=words.__getitem__)
    probabilities = predictions.probabilities[chosen]
    guess = int(predictions.predicted[chosen])
    st.markdown(
        f"### {plain(predictions.classes[guess])} :gray[· {probabilities[guess]:.1%} sure]",
        help="It knows only the classes that it was trained on: any picture is taken for one of them.",
    )
    pictures, bars = st.columns([2, 3], gap="medium")
    with pictures, st.container(horizontal=True):
        file = files[predictions.positions[chosen]]
        original = thumbnail(open_picture(file.source, at_least=(SIDE, SIDE)), SIDE)
        st.image(original, caption="as given", alt=file.name, output_format="PNG", width=SIDE)
        received = predictions.received[chosen]
        height, width, channels = received.shape
        colors = "grey" if channels == 1 else "RGB"
        st.image(
            enlarged(received, SIDE),
            caption=f"as received: {width} x {height}, {colors}",
            alt=f"{file.name} after preprocessing",
            output_format="PNG",
            width=SIDE,
        )
    with bars:
        most = min(len(predictions.classes), MOST_CLASSES)
        k = min(most, FEW_CLASSES)
        if most > 2:
            k = st.slider("Classes shown", 1, most, k, key="top_k")
        order = top_classes(probabilities, k).tolist()
        figure = probability_figure(predictions.classes, probabilities, order)
        st.plotly_chart(figure, key="probabilities", config={"displayModeBar": False})
    return chosen


def show_all(predictions: FilePredictions, run: Run) -> None:
    """The bad files by name, and a line for each good one."""
    if predictions.rejected:
        bad, good = count(len(predictions.rejected), "file"), count(len(predictions.names), "other")
        words = f"**{bad} could not be used**" + (f"; the {good} went through." if predictions.names else ".")
        st.warning(words, icon=":material/broken_image:")
        st.dataframe(
            pd.DataFrame(
                [(file.name, file.reason, file.fix) for file in predictions.rejected],
                columns=["File", "Reason", "What to do"],
            ),
            hide_index=True,
        )
    if not predictions.names:
        return
    st.subheader("All predictions", anchor=False)
    guesses = predictions.predicted
    table = pd.DataFrame(
        {
            "Picture": predictions.names,
            "Prediction": [predictions.classes[guess] for guess in guesses],
            "Probability": 100 * predictions.probabilities.max(1),
        }
    )
    bar = st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)
    st.dataframe(table, hide_index=True, column_config={"Probability": bar})
    st.download_button(
        "Download as CSV",
        predictions_csv(predictions).encode("utf-8-sig"),
        file_name=f"predictions-{run.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="Every file, with the probability of every class.",
    )


@st.cache_data(max_entries=8, ttl=3600, show_spinner="Predicting")
def _predictions(
    run_id: str,
    written: int,
    fingerprint: tuple[str, ...],
    _predictor: Predictor,
    _files: Sequence[PictureFile],
) -> FilePredictions:
    return predict_files(_predictor, _files)
