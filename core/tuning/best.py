"""What comes after a study: a run with its best settings. No torch."""

from dataclasses import replace

from core.errors import ConfigError
from core.training.run_config import RunConfig
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, best_trial


def best_config(config: StudyConfig, trial: Trial, epochs: int) -> RunConfig:
    """The settings of `trial` for a training over `epochs`.

    It learns from the same training pictures: the validation pictures go on choosing the best epoch, and the
    test pictures, which no trial has seen, stay for the final test.
    """
    trained = config.space.apply(config.base, trial.values)
    training = replace(trained.training, epochs=epochs)
    return replace(trained, name=f"Best of {config.name}", training=training)


def best_of(config: StudyConfig, trials: tuple[Trial, ...]) -> Trial:
    """The trial with the best score.

    Raises:
        ConfigError: none has a score.
    """
    best = best_trial(trials, config.objective.higher_is_better)
    if best is None:
        raise ConfigError("No trial of this study has a score yet.", fix="Wait for the first to finish.")
    return best
