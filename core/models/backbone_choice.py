"""Which weights a backbone begins with, as settings name them: "trained", or "random-0". No torch."""

import re

from core.errors import ConfigError

TRAINED = "trained"
_UNTRAINED = re.compile(r"random-(\d+)")


def untrained(seed: int) -> str:
    """The name of weights that are drawn from `seed`."""
    return f"random-{seed}"


def seed_of(weights: str) -> int | None:
    """The seed of untrained weights; None for the trained ones."""
    found = _UNTRAINED.fullmatch(weights)
    return int(found[1]) if found else None


def check_weights(weights: str) -> None:
    """Raises ConfigError for a name of no weights."""
    if weights != TRAINED and seed_of(weights) is None:
        raise ConfigError(
            "There are no such weights of a backbone.",
            expected='"trained", or "random-" and a seed',
            found=repr(weights[:40]),
            fix="Choose the trained ones.",
        )
