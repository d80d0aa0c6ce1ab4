"""Ax's own analyses of a study: which settings matter, and how the objective follows each. Loads Ax."""

from collections.abc import Sequence

from ax.analysis.plotly.sensitivity import SensitivityAnalysisPlot
from ax.analysis.plotly.surface.slice import SlicePlot
from pandas import DataFrame

from core.tuning.analyses import Analyses, Importance, Slice
from core.tuning.ax_client import SCORE, AxClient
from core.tuning.fields import FIELDS
from core.tuning.parameters import Value
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial


def analyse(config: StudyConfig, trials: Sequence[Trial]) -> Analyses:
    """What Ax's model says of the trials, whichever method chose their values."""
    ax = AxClient(config)
    for trial in trials:
        ax.tell(trial)
    ax.ask(len(trials) + 1)  # fits the model
    slices = [each.name for each in config.space.parameters if FIELDS[each.name].needs is None]
    sensitivity, *cards = ax.client.compute_analyses(
        [SensitivityAnalysisPlot(SCORE, top_k=None), *(SlicePlot(name, SCORE) for name in slices)],
        display=False,
    )
    found = [card.flatten()[0].df for card in (sensitivity, *cards)]  # empty where Ax can't tell
    importance = sorted(
        (
            Importance(str(row.parameter_name), float(row.sensitivity))
            for row in found[0].itertuples(index=False)
        ),
        key=lambda each: -abs(each.share),
    )
    return Analyses(
        sum(trial.score is not None for trial in trials),
        tuple(importance),
        tuple(
            Slice(name, _points(frame, name))
            for name, frame in zip(slices, found[1:], strict=True)
            if len(frame)
        ),
    )


def _points(frame: DataFrame, name: str) -> tuple[tuple[Value, float, float], ...]:
    columns = frame[[name, f"{SCORE}_mean", f"{SCORE}_sem"]].drop_duplicates(name).sort_values(name)
    return tuple((value, mean, error) for value, mean, error in columns.to_numpy(object).tolist())
