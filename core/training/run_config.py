"""The settings of a run that learns in epochs, whatever its kind. No torch."""

from collections.abc import Mapping
from typing import Any

from core.errors import ConfigError
from core.records import from_json
from core.training.config import CnnRunConfig
from core.training.fine_tune_config import FineTuneConfig

RunConfig = CnnRunConfig | FineTuneConfig
_KINDS: dict[str, type[CnnRunConfig] | type[FineTuneConfig]] = {
    kind.kind: kind for kind in (CnnRunConfig, FineTuneConfig)
}


def run_config(value: Mapping[str, Any]) -> RunConfig:
    """The settings that `to_json` made `value` of.

    Raises:
        ConfigError: they are damaged, or of a run that doesn't learn in epochs.
    """
    kind = _KINDS.get(str(value.get("kind")))
    if kind is None:
        raise ConfigError(
            "This run doesn't learn in epochs.",
            expected="a run of kind " + " or ".join(_KINDS),
            found=repr(value.get("kind"))[:80],
            fix="Choose another run.",
        )
    return from_json(kind, dict(value))


def learns_in_epochs(value: Mapping[str, Any]) -> bool:
    """Whether a run with these settings does."""
    return value.get("kind") in _KINDS
