"""How a study searches, for what and how long, what it will take, and the button that starts it."""

from typing import Any

import streamlit as st

from core.comparison.scores import Score
from core.data.splitting import current_split
from core.errors import WorkbenchError
from core.runs.place import Place
from core.tuning.forecast import Forecast, forecast
from core.tuning.space import Space
from core.tuning.studies import start_study
from core.tuning.study_config import MOST_TRIALS, OBJECTIVES, Method, StudyConfig
from core.tuning.trial_runs import most_at_once
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, duration
from pages.train.place_form import choose_place
from pages.train.tune_base import Base
from pages.train.tune_list import open_in_address

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
PERCENTILE, HALVING, NEVER = "percentile", "halving", "never"
EARLY = {
    PERCENTILE: "Worse than most at the same epoch",
    HALVING: "Successive halving (ASHA)",
    NEVER: "Never",
}


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
        settings |= _early_stopping()
        settings["place"], is_usable = choose_place(workspace, "tune")
        settings |= _more(settings["place"])
    return settings, is_usable


def _early_stopping() -> dict[str, Any]:
    rule = st.selectbox(
        "Stop bad trials early",
        list(EARLY),
        format_func=EARLY.get,
        key="tune_early",
        persist_state="session",
    )
    worse_than = halving = None
    if rule == PERCENTILE:
        worse_than = st.slider(
            "Stop a trial that is worse than so many % of trials at the same epoch",
            50,
            95,
            75,
            5,
            key="tune_worse",
            persist_state="session",
        )
    elif rule == HALVING:
        halving = st.slider(
            "One of so many trials goes on at each rung",
            2,
            5,
            3,
            key="tune_halving",
            persist_state="session",
            help="Rungs are after 1, 3, 9, ... epochs for one of 3. For many long trials: most end after one "
            "epoch.",
        )
    return {"worse_than": worse_than, "halving": halving}


def _more(place: Place | None) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    settings["fast"] = st.toggle(
        "Also look for fast prediction",
        key="tune_fast",
        persist_state="session",
        help="A second objective: the time a picture at prediction. There is then no single best trial, but "
        "a Pareto front: those that no other beats in both.",
    )
    most = most_at_once(place)
    if most > 1:
        settings["at_once"] = st.number_input(
            "Trials at once",
            1,
            most,
            1,
            key="tune_at_once",
            persist_state="session",
            help="They share the processor's cores evenly, or take a GPU each; on a cluster, those that find "
            "no room wait.",
        )
    settings["seed"] = st.number_input("Seed", 0, 2**31 - 1, 0, key="tune_seed", persist_state="session")
    return settings


def start_button(workspace: Workspace, base: Base, space: Space | None, settings: dict[str, Any]) -> None:
    """What the study will take, and the button; without a space it can't be pressed."""
    dataset = dataset_of(workspace, base.config.dataset_id)
    name = st.text_input(
        "Name of the study",
        f"{METHODS[settings['method']]} on {dataset.name}",
        key=f"study-name-{settings['method']}-{dataset.id}",
        max_chars=80,
    )
    config = None
    if space is not None:
        try:
            config = StudyConfig(name.strip() or "Unnamed study", base.config, space, **settings)
            split = current_split(dataset)
            st.caption(
                _what_it_takes(forecast(workspace, config, len(split.train), len(split.valid)), config)
            )
        except WorkbenchError as error:
            show_error(error)
    label, icon = "Start the study", ":material/play_arrow:"
    if st.button(label, type="primary", icon=icon, width="stretch", disabled=config is None):
        with errors_shown():
            open_in_address(start_study(workspace, config, base.weights))


def _what_it_takes(told: Forecast, config: StudyConfig) -> str:
    words = "Trials until the time is over" if told.trials is None else f"**{count(told.trials, 'trial')}**"
    if config.method is Method.GRID:
        points = len(config.space.grid(config.base))
        words += f" of the {count(points, 'point')} of the grid"
    words += f" of {count(config.base.training.epochs, 'epoch')}"
    if told.seconds is None:
        return f"{words}. The first trial will show how long one takes."
    most = "at most " if config.stops_early or config.minutes else "about "
    a_trial = f": {duration(told.trial_seconds)} a trial, {told.source}" if told.trial_seconds else ""
    return f"{words}, {most}**{duration(told.seconds)}**{a_trial}."
