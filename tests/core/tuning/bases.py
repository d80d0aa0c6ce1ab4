"""Trainings to vary, without a data set behind them, and a runner that computes instead of training."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.data.preprocessing import ColorMode, Preprocessing
from core.models.cnn_config import CnnConfig, ConvBlock, HiddenLayer
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.fine_tune_config import FineTuneConfig
from core.training.run_config import RunConfig
from core.tuning.parameters import Range, Value
from core.tuning.space import Space
from core.tuning.study import Sight
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, TrialState

CLASSES = ("a", "b", "c")
CNN = CnnConfig((ConvBlock(8), ConvBlock(16)), hidden=(HiddenLayer(32),))
RATE = Space((Range("learning_rate", 1e-5, 1e-1, log=True),))
Function = Callable[[dict[str, Value]], float]


def cnn_base(cnn: CnnConfig = CNN, *, side: int = 16, **training) -> CnnRunConfig:
    pictures = Preprocessing.of((side, side), ColorMode.GREY)
    settings = TrainingConfig(**{"epochs": 4, **training})
    return CnnRunConfig("Base", "data", "split", CLASSES, pictures, cnn, settings)


def fine_tune_base(**settings) -> FineTuneConfig:
    return FineTuneConfig("Base", "data", "split", CLASSES, "efficientnet_lite0", **settings)


def study_of(space: Space = RATE, base: RunConfig | None = None, **settings) -> StudyConfig:
    return StudyConfig("Study", base or cnn_base(), space, **settings)


@dataclass
class Computed:
    """A trial is over after `looks` looks: its score is a function of its values, and so is its curve."""

    score: Function
    looks: int = 1
    started: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    paused: list[int] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=dict)

    def make(self, trial: Trial, config: RunConfig) -> str:
        return trial.run_id or f"run-{trial.number}"

    def start(self, trial: Trial) -> None:
        self.started.append(trial.number)

    def look(self, trial: Trial) -> Sight:
        if trial.number in self.paused:
            return Sight(TrialState.INTERRUPTED, trial.curve)
        looks = self.seen[trial.number] = self.seen.get(trial.number, 0) + 1
        score = self.score(trial.values)
        curve = (score,) * min(looks, self.looks)
        if trial.number in self.stopped:
            state = TrialState.STOPPED_EARLY if trial.reason else TrialState.ABANDONED
            return Sight(state, curve, score if trial.reason else None)
        return Sight(TrialState.FINISHED if looks >= self.looks else TrialState.RUNNING, curve, score)

    def stop(self, trial: Trial) -> None:
        self.stopped.append(trial.number)

    def pause(self, trial: Trial) -> None:
        self.paused.append(trial.number)
