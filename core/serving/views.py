"""Test-time augmentation: a model looks at a picture several times, each time changed, and the answers are
averaged. Only changes that the model has learned to see through. No torch until it is used."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from core.data.augmentation_config import Augmentation
from core.errors import ConfigError
from core.records import from_json

RANDOM_VIEWS = 8  # the unchanged picture among them
SEED = 0


class Views(StrEnum):
    """How a picture is looked at."""

    ONE = "once"
    MIRRORED = "mirrored too"
    RANDOM = "8 views"


@dataclass(frozen=True)
class Looks:
    """`changes` are drawn from for `Views.RANDOM`."""

    views: Views = Views.ONE
    changes: Augmentation = field(default_factory=Augmentation)


def possible_looks(config: dict[str, Any]) -> tuple[list[Looks], str]:
    """The looks that a run with these settings allows, and in words why others are not there."""
    changes = Augmentation()
    with suppress(ConfigError):  # a damaged record allows none
        changes = from_json(Augmentation, config.get("augmentation", {}))
    looks = [Looks()]
    if changes.is_off:
        return looks, (
            "It learned from unchanged pictures only: mirrored or turned, a picture may be of another class, "
            "as a digit is. Train with augmentation to average over changed views."
        )
    why = ""
    if changes.horizontal_flip:
        looks.append(Looks(Views.MIRRORED))
    else:
        why = "The run was not trained on mirrored pictures, so they are not averaged in."
    if changes != Augmentation(horizontal_flip=True):
        looks.append(Looks(Views.RANDOM, changes))
    return looks, why


def seen(received: np.ndarray, looks: Looks) -> Iterator[np.ndarray]:
    """The views of a batch, uint8 (B, H, W, C) each; the first one is unchanged."""
    yield received
    if looks.views is Views.MIRRORED:
        yield received[:, :, ::-1]
    if looks.views is Views.RANDOM:
        import torch

        from core.data.augmentation import augment

        unit = torch.from_numpy(received).permute(0, 3, 1, 2).float() / 255
        generator = torch.Generator().manual_seed(SEED)
        for _ in range(RANDOM_VIEWS - 1):
            changed = augment(unit, looks.changes, generator)
            yield (changed * 255).round().byte().permute(0, 2, 3, 1).numpy()
