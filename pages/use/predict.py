import streamlit as st

from core.data.dataset import list_datasets
from core.runs.overview import overview_of
from core.runs.store import list_runs, open_run
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import DATASETS, TRAIN_CNN, empty_state, open_page
from pages.shared.pickers import pick
from pages.shared.text import count
from pages.use.code_view import show_code
from pages.use.picture_input import give_pictures, take_samples
from pages.use.prediction_results import predictions_of, predictor_of, show_all, show_one
from pages.use.why import show_why

open_page("Predict", "Give pictures to a network that you have trained, and see what it takes them for.")
workspace = open_workspace()
trained = [overview for run in list_runs(workspace.runs) if (overview := overview_of(run)).has_model]
if not trained:
    if list_datasets(workspace):
        empty_state("There is no trained network yet.", TRAIN_CNN, "Design a network", key="go")
    else:
        empty_state(
            "There is no trained network yet. Training starts with pictures.",
            DATASETS,
            "Bring pictures",
            key="go",
        )
    st.stop()

given, seen = st.columns([2, 3], gap="large")
with errors_shown():
    with given:
        words = {
            run.id: run.name
            + (f"  ·  {run.best_accuracy:.1%} validation accuracy" if run.best_accuracy is not None else "")
            for run in trained
        }
        run = open_run(workspace.runs, pick("Run", words, key="run"))
        predictor = predictor_of(run)
        files, fingerprint = give_pictures(workspace, run)
    with seen:
        if not files:
            with st.container(border=True):
                _, height, width = predictor.preprocessing.shape
                size = f"{width} x {height}"
                classes = count(len(predictor.classes), "class", "classes")
                st.markdown(
                    f"**Nothing to predict yet.** Each picture that you give is scaled to {size} pixels, as "
                    f"in training, and the network says how probable each of {classes} is."
                )
                st.button("Try pictures of the data set", on_click=take_samples, type="primary")
        else:
            predictions = predictions_of(run, predictor, files, fingerprint)
            if predictions.names:
                chosen = show_one(predictions, files)
                show_why(predictor, predictions, chosen, files, run)
    if files:
        show_all(predictions, run)
    show_code(predictor.saved, run)
