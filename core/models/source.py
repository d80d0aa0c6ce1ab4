"""Where a model comes from, and the key that names it on pages and in addresses: "run.<id>". No torch."""

from enum import StrEnum

from core.errors import ConfigError


class Source(StrEnum):
    RUN = "run"  # trained here; the id is the run's
    IMPORTED = "model"  # brought from elsewhere; the id is that of its folder
    BACKBONE = "backbone"  # trained on ImageNet; the id is its name


def key_of(source: Source, model_id: str) -> str:
    """The key of a model, such as "backbone.resnet18"."""
    return f"{source}.{model_id}"


def parse_key(key: str) -> tuple[Source, str]:
    """The source and the id in a key.

    Raises:
        ConfigError: it is no such key.
    """
    source, _, model_id = key.partition(".")
    if source not in list(Source) or not model_id:
        raise ConfigError(
            "That is not the key of a model.",
            expected='"run.", "model." or "backbone.", and an id',
            found=repr(key[:60]),
            fix="Choose the model from the list.",
        )
    return Source(source), model_id
