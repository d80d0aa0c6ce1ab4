"""What a study will take, and the button that starts it."""

from typing import Any

import streamlit as st

from core.data.splitting import current_split
from core.errors import WorkbenchError
from core.tuning.forecast import Forecast, forecast
from core.tuning.space import Space
from core.tuning.studies import start_study
from core.tuning.study_config import Method, StudyConfig
from core.workspace import Workspace
from pages.shared.caches import dataset_of
from pages.shared.errors import errors_shown, show_error
from pages.shared.text import count, duration
from pages.train.place_form import place_words
from pages.train.tune_base import Base
from pages.train.tune_form import METHODS
from pages.train.tune_list import open_in_address


def start_button(
    workspace: Workspace, base: Base, space: Space | None, settings: dict[str, Any], is_usable: bool
) -> None:
    """What the study will take, and the button; it can't be pressed without a space, or where the study
    can't be carried out."""
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
    if where := place_words(settings["place"], is_usable):
        st.caption(where)
    label, icon = "Start the study", ":material/play_arrow:"
    if st.button(label, type="primary", icon=icon, width="stretch", disabled=config is None or not is_usable):
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
