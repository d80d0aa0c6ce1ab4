"""What a comparison found: a verdict in words, a table, charts, and both to take along."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.comparison.contender import Contender
from core.comparison.costs import PICTURE_TIME_FILE
from core.comparison.learning_curve import CurvePoint
from core.comparison.report import (
    COST_COLUMNS,
    SCORE_COLUMNS,
    cost_cells,
    how_measured,
    report_csv,
    report_html,
    score_cells,
)
from core.comparison.table import ComparisonTable, compare
from core.comparison.verdict import verdict
from core.comparison.words import listed
from core.data.dataset import list_datasets
from core.figures.comparison_svg import report_charts
from core.runs.picture_times import last_picture_times, start_picture_times
from core.runs.store import RunState, is_active
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.job import show_end, watch_job
from pages.shared.text import plain
from pages.train.compare_charts import show_charts

READ_BY_COSTS = ("predictions-test.npz", "predictions-valid.npz", "best.pt", "status.json", "facts.json")


def show_results(
    workspace: Workspace, contenders: Sequence[Contender], curve: Sequence[CurvePoint] = ()
) -> None:
    """The comparison of `contenders`, and `curve` where there are points with fewer pictures.

    Raises:
        ConfigError: they can't be compared.
        ModelFileError, RunError: a file is damaged.
    """
    with st.spinner("Scoring", show_time=False):
        table = _compared(_state_of(contenders), contenders)
    places = {row.name: place for place, row in enumerate(table.rows)}  # so that colours stay
    curve = sorted(curve, key=lambda point: places.get(point.route, len(places)))
    with st.container(border=True, key="verdict", gap="xsmall"):
        first, *others = [plain(sentence) for sentence in verdict(table)]
        st.markdown(f"**{first}**")
        st.markdown("  \n".join(others))
    _tables(table)
    with st.container(horizontal=True):
        _downloads(workspace, table, curve)
        _measure_pictures(workspace, table)
    show_charts(table, curve)


def _tables(table: ComparisonTable) -> None:
    """What the runs are worth, and below what they cost."""
    pinned = {"Run": st.column_config.TextColumn(pinned=True, width="medium")}
    for key, columns, cells in (
        ("compared_scores", SCORE_COLUMNS, score_cells),
        ("compared_costs", COST_COLUMNS, cost_cells),
    ):
        frame = pd.DataFrame([cells(row) for row in table.rows], columns=list(columns))
        st.dataframe(frame, hide_index=True, column_config=pinned, key=key)
    if found := [row.name for row in table.rows if row.costs.found]:
        st.caption(
            f"Of {plain(listed(found))}, what the frozen part makes of the pictures was on the disk already, "
            "from an earlier run: anew, the time to train would be longer."
        )


def _measure_pictures(workspace: Workspace, table: ComparisonTable) -> None:
    """A job that finds out what a picture takes, for the runs that don't tell."""
    unknown = [row.run_id for row in table.rows if row.costs.picture_seconds is None]
    job = last_picture_times(workspace)
    if job is not None and is_active(job):
        watch_job(job)
        return
    if not unknown:
        return
    if job is not None and job.status().state in (RunState.FAILED, RunState.LOST):
        show_end(job.status())
    if st.button("Measure the time a picture", icon=":material/timer:", key="measure_pictures"):
        with errors_shown():
            start_picture_times(workspace, unknown)
            st.rerun()


def _downloads(workspace: Workspace, table: ComparisonTable, curve: Sequence[CurvePoint]) -> None:
    names = {dataset.id: dataset.name for dataset in list_datasets(workspace)}
    title = f"Comparison of runs on {names.get(table.dataset_id, table.dataset_id)}"
    st.download_button(
        "CSV",
        report_csv(table).encode("utf-8-sig"),
        file_name="comparison.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "Report (HTML)",
        lambda: report_html(table, title, report_charts(table, curve)).encode(),
        file_name="comparison.html",
        mime="text/html",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.popover("How it is measured", icon=":material/help:"):
        st.markdown(plain(how_measured(table)))


def _state_of(contenders: Sequence[Contender]) -> tuple[tuple[str, ...], ...]:
    """Changes whenever a file that the comparison reads does."""
    names = (*READ_BY_COSTS, PICTURE_TIME_FILE)
    files = [(each.run.folder / name, each) for each in contenders for name in names]
    return tuple(
        (str(path), each.name, str(path.stat().st_mtime_ns)) for path, each in files if path.exists()
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _compared(state: tuple[tuple[str, ...], ...], _contenders: Sequence[Contender]) -> ComparisonTable:
    return compare(_contenders)
