"""Which runs are compared: the newest of them decides what the others must have in common with it."""

from collections.abc import Sequence

import streamlit as st

from core.comparison.contender import Contender, contender_of, difference
from core.errors import WorkbenchError
from core.runs.overview import RunOverview, overview_of
from core.runs.store import Run, list_runs
from core.workspace import Workspace
from pages.shared.page import RUNS, TRAIN_CNN, button_to, empty_state
from pages.shared.text import count, plain

ASKED = "runs"  # in the address: ids, with commas between them
MOST_AT_FIRST = 6
MOST_LINES = 5
LINE = 42  # pixels


def choose_runs(workspace: Workspace) -> list[Contender]:
    """The runs that are ticked; those that can't be compared with the first of them say why."""
    runs = {run.id: run for run in list_runs(workspace.runs)}
    if not runs:
        empty_state("There is no run yet to compare.", TRAIN_CNN, "Train a network", key="to_training")
        return []
    found = {run_id: _contender(run) for run_id, run in runs.items()}
    contenders = {run_id: each for run_id, each in found.items() if isinstance(each, Contender)}
    if not contenders:
        with st.container(border=True):
            st.markdown("No run has ended with an epoch of its own yet, so there is nothing to compare.")
            button_to(RUNS, "See the runs", key="to_runs", primary=True)
        return []
    _tick_at_first(list(contenders.values()))
    chosen = [each for run_id, each in contenders.items() if st.session_state.get(_key(run_id))]
    first = chosen[0] if chosen else None
    words = f"{count(len(chosen), 'run')} chosen" if chosen else "Choose runs"
    with st.expander(words, expanded=len(chosen) < 2, icon=":material/checklist:", key="choice"):
        height = LINE * MOST_LINES if len(runs) > MOST_LINES else "content"
        with st.container(height=height, border=False, gap="xsmall"):
            for run_id, run in runs.items():
                _line(overview_of(run), found[run_id], first)
    st.query_params[ASKED] = st.session_state[ASKED] = ",".join(each.run.id for each in chosen)
    if not chosen:
        st.caption("Choose two runs or more.")
    return chosen


def _line(run: RunOverview, found: Contender | str, first: Contender | None) -> None:
    """A box to tick, or a grey one with the reason."""
    reason = found if isinstance(found, str) else None
    if reason is None and first is not None and isinstance(found, Contender):
        differs = difference(first, found)
        reason = f"another {differs} than {first.name}" if differs else None
    accuracy = run.best_accuracy
    words = [plain(run.name), f":gray[· {accuracy:.1%} in validation]" if accuracy is not None else ""]
    if reason is not None:
        words = [plain(run.name), f":gray[· {plain(reason)}]"]
    ticked = bool(st.session_state.get(_key(run.id)))
    st.checkbox(" ".join(filter(None, words)), key=_key(run.id), disabled=reason is not None and not ticked)


def _contender(run: Run) -> Contender | str:
    """The run, or why it can't be compared."""
    try:
        return contender_of(run)
    except WorkbenchError as reason:
        return reason.found or reason.problem
    except (OSError, ValueError) as damage:
        return str(damage)


def _tick_at_first(contenders: Sequence[Contender]) -> None:
    """What the address asks for, else the largest group on one split; once a session and address."""
    asked, before = st.query_params.get(ASKED), st.session_state.get(ASKED)
    if asked in (None, before) and any(_key(each.run.id) in st.session_state for each in contenders):
        return
    wanted = set((asked or before or "").split(","))
    ticked = [each for each in contenders if each.run.id in wanted]
    if not ticked:
        alike = [[each for each in contenders if difference(one, each) is None] for one in contenders]
        ticked = max(alike, key=len)[:MOST_AT_FIRST]
    for each in contenders:
        st.session_state[_key(each.run.id)] = any(each is other for other in ticked)


def _key(run_id: str) -> str:
    return f"compare_{run_id}"
