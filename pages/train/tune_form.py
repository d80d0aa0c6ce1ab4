"""How a study searches, for what, how long, and where."""

from typing import Any

import streamlit as st

from core.comparison.scores import Score
from core.tuning.study_config import MOST_TRIALS, OBJECTIVES, Method
from core.tuning.trial_runs import most_at_once
from core.workspace import Workspace
from pages.train.place_form import choose_place
from pages.train.tune_early import choose_early_stopping

METHODS = {Method.AX: "Ax", Method.RANDOM: "Random", Method.GRID: "Grid"}
METHOD_WORDS = {
    Method.AX: "Bayesian optimization: a model of all trials so far says where the next one promises most.",
    Method.RANDOM: "Every trial by chance. The yardstick that a cleverer search has to beat.",
    Method.GRID: "Every combination of a few values. Simple, and soon too many.",
}
OBJECTIVE_WORDS = {
    Score.ACCURACY: "Validation accuracy",
    Score.MACRO_F1: "Macro-F1: all classes count alike",
    Score.LOG_LOSS: "Validation loss",
}

AT_ONCE_HELP = (
    "They share the processor's cores evenly, or take a GPU each; on a cluster, those that find no room wait."
)


def choose_study(workspace: Workspace) -> tuple[dict[str, Any], bool]:
    """Show the controls; the settings that they say, by the names of `StudyConfig`, and whether a study can
    be carried out where it is to be."""
    settings: dict[str, Any] = {}
    settings["method"] = st.segmented_control(
        "Method", list(METHODS), default=Method.AX, format_func=METHODS.get, required=True, key="tune_method"
    )
    st.caption(METHOD_WORDS[settings["method"]])
    settings["objective"] = st.selectbox(
        "What is best",
        OBJECTIVES,
        format_func=OBJECTIVE_WORDS.get,
        key="tune_objective",
        persist_state="session",
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    settings["trials"] = left.number_input(
        "Trials, at most", 1, MOST_TRIALS, 20, key="tune_trials", persist_state="session"
    )
    minutes = right.number_input(
        "Minutes, at most (0: any)",
        0,
        100_000,
        0,
        key="tune_minutes",
        persist_state="session",
        help="No trial begins after that; those under way still end.",
    )
    settings["minutes"] = float(minutes) if minutes else None
    with st.expander("More"):
        settings |= choose_early_stopping()
        settings["fast"] = st.toggle(
            "Also look for fast prediction",
            key="tune_fast",
            persist_state="session",
            help="A second objective: the time a picture at prediction. There is then no single best trial, "
            "but a Pareto front: those that no other beats in both.",
        )
        settings["seed"] = st.number_input("Seed", 0, 2**31 - 1, 0, key="tune_seed", persist_state="session")
        settings["place"], is_usable = choose_place(workspace)
        if (most := most_at_once(settings["place"])) > 1:
            settings["at_once"] = st.number_input(
                "Trials at once", 1, most, 1, key="tune_at_once", persist_state="session", help=AT_ONCE_HELP
            )
    return settings, is_usable
