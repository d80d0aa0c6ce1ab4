"""Several runs side by side: their validation curves overlaid, their settings in one table."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.figures.curves import RunCurves, compared_accuracy_figure, compared_loss_figure
from core.runs.overview import RunOverview, all_settings, differing
from pages.shared.page import COMPARE, button_to
from pages.shared.text import numbered, short_time

MOST_AT_FIRST = 4
CHART = {"displayModeBar": False}


@st.fragment
def compare_runs(runs: Sequence[RunOverview], names_by_id: Mapping[str, str]) -> None:
    """Curves and settings of the runs that the user chooses; at first the newest with a finished epoch."""
    comparable = {run.id: run for run in runs if run.records}
    if not comparable:
        return
    st.subheader("Side by side", anchor=False)
    names_of = dict(zip(comparable, numbered(run.name for run in comparable.values()), strict=True))
    chosen = st.multiselect(
        "Runs to compare",
        list(comparable),
        default=list(comparable)[:MOST_AT_FIRST],
        format_func=names_of.__getitem__,
        key="compared",
    )
    if not chosen:
        st.caption("Choose at least one run.")
        return
    if len(chosen) > 1:
        words = "Is the difference more than chance?"
        button_to(COMPARE, words, key="to_compare", icon=":material/leaderboard:", runs=",".join(chosen))
    shown = [comparable[run_id] for run_id in chosen]
    names = [names_of[run_id] for run_id in chosen]
    curves = [RunCurves(name, run.records) for name, run in zip(names, shown, strict=True)]
    accuracy, loss = st.columns(2)
    accuracy.plotly_chart(compared_accuracy_figure(curves), key="compared_accuracy", config=CHART)
    loss.plotly_chart(compared_loss_figure(curves), key="compared_loss", config=CHART)
    only_differing = st.toggle("Only the settings that differ", value=len(shown) > 1, key="only_differing")
    show_settings(shown, names, names_by_id, only_differing=only_differing and len(shown) > 1)


def show_settings(
    runs: Sequence[RunOverview],
    names: Sequence[str],
    names_by_id: Mapping[str, str],
    *,
    only_differing: bool,
) -> None:
    """A column a run; its results first, then its settings, those that differ marked.

    `names_by_id` holds those of data sets and runs.
    """
    settings = [with_names(run.settings, names_by_id) for run in runs]
    differ = differing(settings)
    rows = differ if only_differing else all_settings(settings)
    results = [results_of(run) for run in runs]
    table = pd.DataFrame(
        {
            name: [*result.values(), *(each.get(row, "–") for row in rows)]
            for name, result, each in zip(names, results, settings, strict=True)
        },
        index=[*results[0], *(row[0].upper() + row[1:] for row in rows)],
    )
    marked = {row[0].upper() + row[1:] for row in differ} if not only_differing and len(runs) > 1 else set()
    weight = table.style.apply(
        lambda row: ["font-weight: bold" if row.name in marked else ""] * len(row), axis=1
    )
    st.dataframe(weight, height=min(38 + 35 * len(table), 560))
    if only_differing and not differ:
        st.caption("These runs have the same settings.")


def results_of(run: RunOverview) -> dict[str, str]:
    return {
        "Best validation accuracy": percent(run.best_accuracy),
        "Test accuracy": percent(run.test_accuracy),
        "Finished epochs": str(run.epochs_done),
        "Parameters": "–" if run.parameters is None else f"{run.parameters:,}",
        "Time in epochs": short_time(run.seconds),
    }


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def with_names(settings: Mapping[str, str], names_by_id: Mapping[str, str]) -> dict[str, str]:
    """The settings, with names of data sets and runs in place of their ids."""
    return {name: names_by_id.get(words, words) for name, words in settings.items()}
