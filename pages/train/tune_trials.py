"""The trials of a study as a table: values, state, score, and why each ended as it did."""

import pandas as pd
import streamlit as st

from core.tuning.fields import label_of, value_words
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, Trials
from pages.shared.page import RUNS
from pages.shared.text import short_time
from pages.train.tune_words import score_words

MOST_ROWS = 12  # that are seen without scrolling


def show_trials(config: StudyConfig, trials: Trials) -> None:
    st.subheader("Trials", anchor=False)
    newest = list(reversed(trials.all))
    table = st.dataframe(
        pd.DataFrame([_row(config, trial) for trial in newest]),
        hide_index=True,
        height=38 + 35 * min(len(newest), MOST_ROWS),
        on_select="rerun",
        selection_mode="single-row",
        key="trials",
        column_config={"Why": st.column_config.TextColumn(width="medium")},
    )
    chosen = [newest[row] for row in table.selection.rows if row < len(newest)]
    if chosen and chosen[0].run_id is not None:
        label = f"Open the run of trial {chosen[0].number}"
        if st.button(label, type="primary", icon=":material/show_chart:"):
            st.switch_page(RUNS, query_params={"run": chosen[0].run_id})
    else:
        st.caption("Tick a trial to open its run.")


def _row(config: StudyConfig, trial: Trial) -> dict[str, object]:
    row: dict[str, object] = {
        "Trial": trial.number,
        "State": trial.state.value,
        "Why": trial.reason,
        config.objective.capitalize(): score_words(config.objective, trial.score),
    }
    if config.fast:
        seconds = trial.picture_seconds
        row["A picture"] = "–" if seconds is None else f"{1000 * seconds:.2f} ms"
    row["Epochs"] = len(trial.curve)
    for parameter in config.space.parameters:
        row[label_of(parameter.name)] = value_words(trial.values.get(parameter.name))
    row["Time"] = "–" if trial.seconds is None else short_time(trial.seconds)
    return row
