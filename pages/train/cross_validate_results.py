"""What a search has found: its best candidate, and all of them in a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, Status, create_run
from core.tuning.skorch_config import PARAMETERS, CrossValidationConfig, Search, parameter_words
from core.tuning.skorch_results import Candidate
from core.tuning.skorch_searches import best_run_config
from core.workspace import Workspace
from pages.shared.page import RUNS
from pages.shared.text import duration, plain, short_time


def show_best(
    workspace: Workspace,
    run: Run,
    config: CrossValidationConfig,
    status: Status,
    candidates: Sequence[Candidate],
) -> None:
    """The numbers of the best candidate, and the button that makes a run of it."""
    found = (each for each in candidates if each.parameters == status.result.get("best"))
    best = next(found, None)
    if best is None or best.mean is None or best.std is None:  # the file of the fits was damaged since
        return
    numbers = st.grid(3, min_column_width=170)
    numbers.metric("Best mean accuracy", f"{best.mean:.1%}", help="Over the folds of the training pictures.")
    numbers.metric("Standard deviation", f"{best.std:.1%}", help="Of the accuracies of its folds.")
    numbers.metric("Time in all", short_time(sum(each.seconds for each in candidates)))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"Best: **{plain(parameter_words(best.parameters))}**", width="content")
        if st.button("Train a run with the best settings", type="primary", icon=":material/play_arrow:"):
            settings = best_run_config(run, config)
            made = create_run(workspace.runs, to_json(settings), settings.name)
            launch(made)
            st.switch_page(RUNS, query_params={"run": made.id})
    near = sum(each.mean is not None and best.mean - each.mean < best.std for each in candidates) - 1
    if near > 0:
        others = "1 other candidate lies" if near == 1 else f"{near:,} other candidates lie"
        st.caption(f"{others} within one standard deviation of it.")


def show_table(config: CrossValidationConfig, candidates: Sequence[Candidate]) -> None:
    """A line a candidate, the best first."""
    names = list(config.parameters)
    with_epochs = config.search is Search.HALVING
    rows = []
    for each in candidates:
        score = "–" if each.mean is None else f"{each.mean:.2%} ± {each.std:.2%}"
        if each.mean is not None and len(each.accuracies) < config.folds:
            score = f"{each.mean:.2%}, {len(each.accuracies)} of {config.folds} folds"
        folds = ", ".join(f"{accuracy:.1%}" for accuracy in each.accuracies)
        values = [f"{each.parameters[name]:g}" for name in names]
        epochs = [each.epochs] if with_epochs else []
        rows.append([each.rank, score, *values, *epochs, folds, duration(each.seconds), each.problem])
    columns = ["Rank", "Mean ± std", *(PARAMETERS[name].capitalize() for name in names)]
    columns += [*(["Epochs"] if with_epochs else []), "Folds", "Time", "Problem"]
    frame = pd.DataFrame(rows, columns=columns)
    if not any(each.problem for each in candidates):
        frame = frame.drop(columns="Problem")
    st.dataframe(frame, hide_index=True, key="candidates", height=min(38 + 35 * len(frame), 420))
