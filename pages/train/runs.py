import streamlit as st

from core.data.dataset import list_datasets
from core.embeddings.config import FeaturesRunConfig
from core.runs.overview import RunOverview, overview_of
from core.runs.store import list_runs
from core.workspace import open_workspace
from pages.shared.page import DATASETS, TRAIN_CNN, empty_state, open_page
from pages.shared.run_state import state_badge
from pages.shared.text import plain, when
from pages.train.run_comparison import compare_runs
from pages.train.run_detail import show_run
from pages.train.run_tracking import show_tracking_of_all

PER_PAGE = 8
REFRESH = 2.0  # seconds, while a run is at work

workspace = open_workspace()


def read_runs() -> list[RunOverview]:
    return [overview_of(run) for run in list_runs(workspace.runs)]


def show_list(were_active: list[str]) -> None:
    """One line a run; runs again as a whole page when one of them has ended."""
    runs = read_runs()
    if were_active != ids_at_work(runs):
        st.rerun()
    pages = -(-len(runs) // PER_PAGE)
    first = 0
    if pages > 1:
        first = PER_PAGE * (st.number_input(f"Page, of {pages}", 1, pages, key="runs_page", width=160) - 1)
    with st.container(border=True, gap="xsmall"):
        for run in runs[first : first + PER_PAGE]:
            show_line(run)


def show_line(run: RunOverview) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if st.button(
                plain(run.name), key=f"open_{run.id}", type="tertiary", icon=":material/show_chart:"
            ):
                st.query_params["run"] = run.id
                st.rerun()
            if run.state is None:
                st.badge("damaged", color="red", icon=":material/broken_image:")
            else:
                state_badge(run.state)
        st.caption(summary(run), width="content")


def summary(run: RunOverview) -> str:
    if run.damage:
        return plain(run.damage)
    words = []
    if run.best_accuracy is not None:
        words.append(f"**{run.best_accuracy:.1%}** validation accuracy")
    if run.kind == FeaturesRunConfig.kind:
        words.append("features + logistic regression")
    else:
        words.append(f"epoch {run.epochs_done} of {run.epochs}" if run.epochs else "no epochs")
    return " · ".join([*words, when(run.queued)])


def ids_at_work(runs: list[RunOverview]) -> list[str]:
    return [run.id for run in runs if run.state is not None and run.state.is_active]


if asked := st.query_params.get("run"):
    show_run(workspace, asked)
    st.stop()

open_page("Runs", "Every training run, newest first: open one, or lay several side by side.")
runs = read_runs()
if not runs:
    if list_datasets(workspace):
        empty_state(
            "There is no run yet. Design a network and start one.", TRAIN_CNN, "Design a network", key="go"
        )
    else:
        empty_state(
            "There is no run yet. Training starts with pictures.", DATASETS, "Bring pictures", key="go"
        )
    st.stop()
show_tracking_of_all(workspace, list_runs(workspace.runs))
at_work = ids_at_work(runs)
st.fragment(show_list, run_every=REFRESH if at_work else None)(at_work)
names_by_id = {item.id: item.name for item in (*list_datasets(workspace), *runs)}
compare_runs(runs, names_by_id)
