"""What the trials say together, one chart at a time."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st

from core.errors import WorkbenchError
from core.figures import tuning as figures
from core.runs.store import Run
from core.tuning.analyses import Analyses, load_analyses
from core.tuning.fields import label_of
from core.tuning.parameters import Range
from core.tuning.studies import config_of, list_studies
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, Trials, TrialState, load_trials, pareto_front
from core.workspace import Workspace
from pages.train.tune_words import measure_of, score_words

PROGRESS, TOGETHER, MATTERS, PARETO, METHODS = (
    "Best so far",
    "All settings",
    "What matters",
    "Pareto front",
    "Methods",
)
NOT_YET = "After six trials with a score, Ax models the objective and says what matters."


def show_charts(workspace: Workspace, study: Run, config: StudyConfig, trials: Trials) -> None:
    """A choice of charts, and the chosen one."""
    rivals = _rivals(workspace, study, config)
    sections = [PROGRESS, TOGETHER, MATTERS] + [PARETO] * config.fast + [METHODS] * bool(rivals)
    chosen = st.segmented_control(
        "Chart", sections, default=PROGRESS, required=True, label_visibility="collapsed", key="tune_chart"
    )
    if not trials.scored:
        st.caption("The first trial with a score begins the charts.")
        return
    charts: dict[str, Callable[[], None]] = {
        PROGRESS: lambda: _show_best(config, trials),
        TOGETHER: lambda: _show_together(config, trials.scored),
        MATTERS: lambda: _show_what_matters(config, load_analyses(study.folder)),
        PARETO: lambda: _show_front(config, trials.scored),
        METHODS: lambda: _show_methods(config, trials, rivals),
    }
    charts[chosen if chosen in sections else PROGRESS]()


def _points(config: StudyConfig, trials: Trials) -> list[figures.Point]:
    return [
        figures.Point(
            trial.number,
            trial.ended or 0.0,
            trial.score if trial.score is not None else math.nan,
            score_words(config.objective, trial.score),
            trial.state is TrialState.STOPPED_EARLY,
        )
        for trial in trials.scored
    ]


def _show_best(config: StudyConfig, trials: Trials) -> None:
    over_time = st.toggle("Over time", key="tune_over_time")
    figure = figures.progress_figure(
        _points(config, trials),
        measure_of(config.objective),
        over_time=over_time,
    )
    st.plotly_chart(figure, key="progress")


def _show_together(config: StudyConfig, trials: Sequence[Trial]) -> None:
    axes = [
        figures.axis_of(parameter, [trial.values.get(parameter.name) for trial in trials])
        for parameter in config.space.parameters
    ]
    scores = [trial.score for trial in trials if trial.score is not None]
    figure = figures.parallel_figure(axes, scores, measure_of(config.objective))
    st.plotly_chart(figure, key="together")
    st.caption("One line a trial. Drag along an axis to keep only the trials that pass there.")


def _show_what_matters(config: StudyConfig, analyses: Analyses | None) -> None:
    if analyses is None or not analyses.importance:
        st.caption(NOT_YET)
        return
    left, right = st.columns(2, gap="large")
    with left:
        shares = [(label_of(each.name), each.share) for each in analyses.importance]
        st.plotly_chart(figures.importance_figure(shares), key="importance")
        st.caption(
            f"Ax's model of {analyses.trials} trials: total Sobol indices, the share of the objective's ups "
            "and downs that is due to a setting, alone or together with others."
        )
    with right:
        slices = {each.name: each for each in analyses.slices}
        if not slices:
            return
        name = st.selectbox("Setting", list(slices), format_func=label_of, key="slice_of")
        parameter = config.space.named(name)
        figure = figures.slice_figure(
            label_of(name),
            slices[name].points,
            measure_of(config.objective),
            log=isinstance(parameter, Range) and parameter.log,
        )
        st.plotly_chart(figure, key="slice")
        st.caption("What the model expects as this setting moves and the others stay as in the best trial.")


def _show_front(config: StudyConfig, trials: Sequence[Trial]) -> None:
    timed = [
        (trial.number, 1000 * trial.picture_seconds, trial.score)
        for trial in trials
        if trial.picture_seconds is not None and trial.score is not None
    ]
    front = [trial.number for trial in pareto_front(trials, config.objective.higher_is_better)]
    figure = figures.pareto_figure(timed, front, measure_of(config.objective))
    st.plotly_chart(figure, key="pareto")


def _rivals(workspace: Workspace, study: Run, config: StudyConfig) -> list[tuple[str, Trials, StudyConfig]]:
    """Other studies of the same space, base and objective."""
    rivals = []
    for other in list_studies(workspace):
        with suppress(WorkbenchError):
            found = config_of(other)
            alike = (found.space, found.base, found.objective) == (
                config.space,
                config.base,
                config.objective,
            )
            if alike and other.id != study.id and (trials := load_trials(other.folder)).scored:
                rivals.append((found.name, trials, found))
    return rivals


def _show_methods(
    config: StudyConfig, trials: Trials, rivals: Sequence[tuple[str, Trials, StudyConfig]]
) -> None:
    studies = [(config.name, _points(config, trials))]
    studies += [(name, _points(found, others)) for name, others, found in rivals]
    st.plotly_chart(figures.methods_figure(studies, measure_of(config.objective)), key="methods")
    st.caption(
        "Studies of the same settings on the same pictures, each as far as it went. After as many trials of "
        "each, they have spent about the same."
    )
