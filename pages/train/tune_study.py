"""One study: how it goes, its trials, and all that can be done with it."""

import streamlit as st

from core.errors import WorkbenchError
from core.runs.store import Run, RunState, Status
from core.tuning.studies import config_of
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trials, TrialState, best_trial, load_trials
from core.workspace import Workspace
from pages.shared.errors import errors_shown, show_error
from pages.shared.run_state import state_badge
from pages.shared.text import count, duration, plain
from pages.train.tune_actions import leave, show_actions
from pages.train.tune_charts import show_charts
from pages.train.tune_trials import show_trials
from pages.train.tune_words import score_words

POLL = 1.0  # seconds


def show_study(workspace: Workspace, study: Run) -> None:
    """The study as it goes; at its end the whole page runs again."""
    config = config_of(study)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if st.button("All studies", type="tertiary", icon=":material/arrow_back:"):
                leave()
            st.markdown(f"**{plain(config.name)}**")
        show_actions(workspace, study, config)
    is_active = study.status().state.is_active
    st.fragment(_show, run_every=POLL if is_active else None)(workspace, study, is_active)


def _show(workspace: Workspace, study: Run, was_active: bool) -> None:
    with errors_shown():
        config, status, trials = config_of(study), study.status(), load_trials(study.folder)
        if was_active and not status.state.is_active:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(status.state)
            st.caption(_situation(config, status, trials))
        if status.state in (RunState.FAILED, RunState.LOST):
            _show_failure(study, status)
        if status.state.is_active:
            _show_progress(config, status, trials)
        _show_numbers(config, trials)
        if trials.all:
            show_charts(workspace, study, config, trials)
            show_trials(config, trials)


def _show_failure(study: Run, status: Status) -> None:
    is_lost = status.state is RunState.LOST
    fix = "Go on: it takes up where it was left." if is_lost else status.fix
    show_error(WorkbenchError(status.message or "The study ended without a word.", fix=fix))
    with st.expander("Log of the study", icon=":material/article:"):
        st.code(study.log() or "It said nothing.", language=None, wrap_lines=True)


def _situation(config: StudyConfig, status: Status, trials: Trials) -> str:
    if trials.end and not status.state.is_active:
        return plain(trials.end)
    if status.state is RunState.LOST:
        return "its process is gone; trials under way go on by themselves, and nothing that finished is lost"
    if status.state is RunState.FAILED:
        return "the trials that have finished are kept"
    if status.state is RunState.PAUSED:
        return "it goes on where it is, with the trials that it has paused"
    paused = [str(trial.number) for trial in trials.open if trial.state is TrialState.INTERRUPTED]
    if paused and status.state is RunState.RUNNING:
        return f"waits for trial {', '.join(paused)}, which is paused on the Runs page"
    where = f", on the Ray cluster at {config.place.address}" if config.place and status.what else ""
    return plain(status.what + where) or "the process is starting"


def _show_progress(config: StudyConfig, status: Status, trials: Trials) -> None:
    done = trials.counted - len(trials.open)
    shares = [done / config.trials] if config.trials else []
    shares += [trials.seconds / 60 / config.minutes] if config.minutes else []
    words = f"{done:,} of {config.trials:,} trials" if config.trials else count(done, "trial")
    left = ""
    if config.trials and done and config.minutes is None:
        seconds = trials.seconds / done * (config.trials - done)
        left = f" · about {duration(seconds)} left"
    st.progress(min(max(shares, default=0.0), 1.0), text=f"**{words} have ended**{left}")


def _show_numbers(config: StudyConfig, trials: Trials) -> None:
    best = best_trial(trials.all, config.objective.higher_is_better)
    numbers = st.grid(4, min_column_width=150)
    label = f"Best {config.objective}"
    numbers.metric(label, score_words(config.objective, best.score if best else None))
    numbers.metric("In trial", str(best.number) if best else "–")
    early = sum(trial.state is TrialState.STOPPED_EARLY for trial in trials.all)
    numbers.metric("Stopped early", f"{early} of {trials.counted}")
    proposing = sum(trial.proposing for trial in trials.all)
    numbers.metric(
        "Time",
        duration(trials.seconds),
        delta=f"{proposing / trials.seconds:.1%} to choose values" if trials.seconds else None,
        delta_color="off",
        delta_arrow="off",
    )
