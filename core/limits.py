"""The range that a number has to stay in."""

from core.errors import ConfigError


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raises ConfigError, naming the setting and its range, unless low <= value <= high."""
    if not low <= value <= high:
        raise ConfigError(
            f"The {name} is out of range.",
            expected=f"{low:g} to {high:g}",
            found=str(value),
            fix="Move it back into its range.",
        )
