"""A search space over a training: which settings vary, and the config that chosen values make. No torch."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ConfigError
from core.models.cnn_walk import walk
from core.training.config import CnnRunConfig
from core.training.run_config import RunConfig
from core.tuning.fields import FIELDS, fields_for, label_of
from core.tuning.parameters import Parameter, Value, all_counted

LARGEST_GRID = 10_000  # points

Values = Mapping[str, Value]


@dataclass(frozen=True)
class Space:
    """The settings that vary, by the names of `core.tuning.fields`; all others stay as the base has them."""

    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        if not names:
            raise ConfigError(
                "Nothing varies, so there is nothing to search.",
                expected="at least one setting with a range",
                fix="Tick a setting to vary.",
            )
        if unknown := [name for name in names if name not in FIELDS]:
            raise ConfigError(
                f"A search can't vary {', '.join(unknown)}.",
                expected="settings among " + ", ".join(FIELDS),
                found=", ".join(unknown),
                fix="Leave it out.",
            )
        if len(set(names)) < len(names):
            raise ConfigError(
                "A setting is named twice.", found=", ".join(names), fix="Give each setting one range."
            )

    def named(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def check(self, base: RunConfig) -> None:
        """Raises ConfigError where `base` has no such setting, or one that would never matter."""
        known = fields_for(base)
        for parameter in self.parameters:
            if parameter.name not in known:
                raise ConfigError(
                    f"“{label_of(parameter.name)}” is no setting of this training.",
                    fix="Choose another setting, or start from another training.",
                )
            needs = FIELDS[parameter.name].needs
            if needs is None:
                continue
            other, wanted = needs
            varied = self.named(other)
            if not any(
                varied.holds(value) if varied else FIELDS[other].of(base) == value for value in wanted
            ):
                raise ConfigError(
                    f"“{label_of(parameter.name)}” never matters in this search.",
                    expected=f"{label_of(other)} that may be {' or '.join(map(str, wanted))}",
                    fix=f"Vary {label_of(other)} too, or leave this setting out.",
                )

    def matters(self, name: str, values: Values, base: RunConfig) -> bool:
        """Whether the setting has a say: momentum only where SGD is the optimizer."""
        needs = FIELDS[name].needs
        if needs is None:
            return True
        other, wanted = needs
        return (values[other] if other in values else FIELDS[other].of(base)) in wanted

    def reduced(self, values: Values, base: RunConfig) -> dict[str, Value]:
        """`values` without those that don't matter."""
        return {name: value for name, value in values.items() if self.matters(name, values, base)}

    def apply(self, base: RunConfig, values: Values) -> RunConfig:
        """`base` with `values` in it.

        Raises:
            ConfigError: together they are impossible.
            LayerError: the network that they make can't be built; its first layer that can't is named.
        """
        config = base
        for name, field in FIELDS.items():
            if name in values and self.matters(name, values, base):
                config = field.put(config, values[name])
        if isinstance(config, CnnRunConfig):
            network = walk(config.cnn, config.preprocessing.shape, config.outputs)
            if network.error is not None:
                raise network.error
        return config

    def grid(self, base: RunConfig) -> list[dict[str, Value]]:
        """All combinations of the grids; those that differ only in what doesn't matter count once.

        Raises:
            ConfigError: there are too many.
        """
        axes = [parameter.grid() for parameter in self.parameters]
        if (points := math.prod(map(len, axes))) > LARGEST_GRID:
            raise ConfigError(
                "This grid has too many points.",
                expected=f"at most {LARGEST_GRID:,}",
                found=f"{points:,}",
                fix="Vary fewer settings, or give their ranges fewer steps.",
            )
        names = [parameter.name for parameter in self.parameters]
        reduced = (
            self.reduced(dict(zip(names, point, strict=True)), base) for point in itertools.product(*axes)
        )
        return list({tuple(sorted(point.items())): point for point in reduced}.values())

    @property
    def count(self) -> int | None:
        """How many different points there are at most; None for a range without gaps."""
        return all_counted(self.parameters)
