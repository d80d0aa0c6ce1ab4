"""What is known of a study's settings: how much each matters, and where the objective is expected. No Ax."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.records import from_json, to_json
from core.tuning.parameters import Value
from core.workspace import read_json, write_json

ANALYSES_FILE = "analyses.json"


@dataclass(frozen=True)
class Importance:
    """How much of what moves the objective is due to one setting.

    `share` is its total Sobol index (Saltelli et al. 2010) in the model, 0 to 1; below 0 where the objective
    falls as the setting rises.
    """

    name: str
    share: float


@dataclass(frozen=True)
class Slice:
    """What the model expects of the objective as one setting moves and the others stay as in the best trial.

    `points` are (value, mean, standard error of the mean), in the order of the values.
    """

    name: str
    points: tuple[tuple[Value, float, float], ...]


@dataclass(frozen=True)
class Analyses:
    """Learned from so many `trials` with a score; the most important setting first."""

    trials: int
    importance: tuple[Importance, ...] = ()
    slices: tuple[Slice, ...] = ()


def load_analyses(folder: Path) -> Analyses | None:
    """The last ones of the study in `folder`; None if there are none that can be read."""
    try:
        return from_json(Analyses, read_json(folder / ANALYSES_FILE))
    except (OSError, ValueError, ConfigError):
        return None


def save_analyses(folder: Path, analyses: Analyses) -> None:
    write_json(folder / ANALYSES_FILE, to_json(analyses))
