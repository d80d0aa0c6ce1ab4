import streamlit as st

from core.models.saved_model import load_model_description
from core.runs.prediction_jobs import tidy_sets
from core.workspace import open_workspace
from pages.shared.errors import errors_shown
from pages.shared.page import open_page
from pages.use.code_view import show_code, show_core_code
from pages.use.current_set import answers_of, current_set
from pages.use.gallery import show_all
from pages.use.model_choice import choose_model, choose_second
from pages.use.one_picture import show_one
from pages.use.picture_input import give_pictures
from pages.use.set_results import results_of
from pages.use.set_summary import show_nothing_yet, show_rejected, show_summary
from pages.use.settings import choose_settings
from pages.use.take_along import show_taking
from pages.use.true_classes import show_true_classes

open_page("Predict", "Give pictures to a network, and see what it takes them for.")
workspace = open_workspace()
tidy_sets(workspace)
given, seen = st.columns([2, 3], gap="large")
results = None
with errors_shown():
    with given:
        model = choose_model(workspace)
        if model is None:
            st.stop()
        second = choose_second(workspace, model)
        settings = choose_settings(model)
        give_pictures(workspace, model.run)
    models = [model, *([second] if second else [])]
    pictures = current_set(workspace)
    with seen:
        if pictures is None:
            show_nothing_yet(model)
        else:
            answers = answers_of(pictures, {settings.asked(each): each for each in models})
            if answers is not None:
                results = results_of(pictures, models, answers, settings)
                if results.names:
                    show_one(results, model)
    if results is not None:
        show_rejected(results)
        if results.names:
            show_summary(results, model, settings)
            show_all(results, model)
            show_taking(results, model, workspace)
            show_true_classes(results, model, workspace)
    if model.run is not None:
        show_code(load_model_description(model.run.folder), model.run)
    else:
        show_core_code(model.key)
