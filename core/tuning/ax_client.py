"""A study as Ax knows it: search space, objectives and trials. Loads Ax, so it is only for a worker."""

import logging
import math
from typing import Any, Literal, cast

import torch
from ax.adapter.registry import Generators
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.generation_strategy.generator_spec import GeneratorSpec
from ax.utils.common.logger import set_ax_logger_levels

from core.tuning.fields import FIELDS
from core.tuning.parameters import Choice, Parameter, Value
from core.tuning.space import Space
from core.tuning.study_config import StudyConfig
from core.tuning.trials import Trial, TrialState

SCORE, PICTURE_TIME = "score", "picture_time"  # Ax's names of what is measured
TYPES: dict[type, Literal["bool", "int", "float", "str"]] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
}


class AxClient:
    """Ax's client, told of trials by their numbers. All that it knows can be told again from the trials.

    So no state of Ax is stored: its file would lie beside that of the trials, and a crash between the two
    would leave them at odds. Early stopping isn't Ax's either (core.tuning.early_stopping).
    """

    def __init__(self, config: StudyConfig) -> None:
        set_ax_logger_levels(logging.ERROR)
        torch.set_num_threads(1)  # small matrices: threads would wait for each other, and for the trials
        self.client = Client(random_seed=config.seed)
        self.client.configure_experiment([_parameter(each, config.space) for each in config.space.parameters])
        score = SCORE if config.objective.higher_is_better else f"-{SCORE}"
        self.client.configure_optimization(f"{score}, -{PICTURE_TIME}" if config.fast else score)
        # The first points are ours, so that they can be told again: Ax begins with its model.
        if config.fast:
            self.client.set_generation_strategy(_brief())
        else:
            self.client.configure_generation_strategy(initialization_budget=0, initialize_with_center=False)
        self._fast = config.fast
        self._indices: dict[int, int] = {}  # Ax's, by the number of the trial

    def ask(self, number: int) -> dict[str, Value]:
        """What Ax proposes for trial `number`; raises what Ax raises where it can't."""
        [(index, values)] = self.client.get_next_trials(max_trials=1).items()
        self._indices[number] = index
        return dict(values)

    def refuse(self, number: int) -> None:
        """Trial `number` gets other values than Ax proposed for it."""
        self.client.mark_trial_abandoned(self._indices.pop(number))

    def tell(self, trial: Trial) -> None:
        """That `trial` has begun or ended; what isn't a finite number never becomes one."""
        if trial.number not in self._indices:
            self._indices[trial.number] = self.client.attach_trial({**trial.values})  # it writes into them
        index = self._indices[trial.number]
        if trial.state.is_open:
            return
        measured = _measured(trial, self._fast)
        if not trial.state.has_score or measured is None:
            if trial.state is TrialState.FAILED:
                self.client.mark_trial_failed(index, trial.reason)
            else:
                self.client.mark_trial_abandoned(index)
            return
        self.client.attach_data(index, measured)
        if trial.state is TrialState.STOPPED_EARLY:
            self.client.mark_trial_early_stopped(index)
        else:
            self.client.complete_trial(index)


def _brief() -> GenerationStrategy:
    """Ax's usual model, with a shorter search for what promises most: with two objectives each look at that
    costs several times as much, and a proposal would take a sixth of a trial of 15 seconds.
    """
    search = {"num_restarts": 4, "raw_samples": 128}
    model = GeneratorSpec(
        generator_enum=Generators.BOTORCH_MODULAR,
        generator_gen_kwargs={"model_gen_options": {"optimizer_kwargs": search}},
    )
    node = GenerationNode(name="MBM", generator_specs=[model], should_deduplicate=True)
    return GenerationStrategy(name="Brief MBM", nodes=[node])


def _measured(trial: Trial, fast: bool) -> dict[str, float] | None:
    values = {SCORE: trial.score} | ({PICTURE_TIME: trial.picture_seconds} if fast else {})
    finite = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
    return finite if len(finite) == len(values) else None


def _parameter(parameter: Parameter, space: Space) -> ChoiceParameterConfig | RangeParameterConfig:
    if isinstance(parameter, Choice):
        return ChoiceParameterConfig(
            name=parameter.name,
            values=cast(Any, list(parameter.values)),
            parameter_type=TYPES[type(parameter.values[0])],
            is_ordered=parameter.is_ordered,
            dependent_parameters=_dependents(parameter, space),
        )
    return RangeParameterConfig(
        name=parameter.name,
        bounds=(parameter.low, parameter.high),
        parameter_type="int" if parameter.integer else "float",
        scaling="log" if parameter.log else "linear",
    )


def _dependents(parameter: Choice, space: Space) -> dict[Value, list[str]] | None:
    """Which of the other parameters matter with each value of this one."""
    needed = [(other.name, FIELDS[other.name].needs) for other in space.parameters]
    dependents = {
        value: names
        for value in parameter.values
        if (names := [n for n, needs in needed if needs and needs[0] == parameter.name and value in needs[1]])
    }
    return dependents or None
