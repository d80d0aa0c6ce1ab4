"""A network that is looked into, with all that a picture goes through before it reaches it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.data.decoding import Source, open_picture
from core.data.receives import Receives
from core.models.walk import Walk


@dataclass(frozen=True)
class Subject:
    """`model` is in eval mode on the CPU; `key` tells its weights from all others.

    `classes` in the order of the logits; with `single_logit` the one logit is that of the second class.
    `walk` is the trace of `model`, whose rows its layers are chosen from.
    """

    key: str
    name: str
    model: nn.Module
    receives: Receives
    classes: tuple[str, ...]
    single_logit: bool
    walk: Walk

    def read(self, source: Source) -> np.ndarray:
        """What the network receives of a picture file: uint8 (H, W, C).

        Raises:
            PictureRejected: the file is not a picture that can be used.
        """
        return self.receives.pixels(open_picture(source, at_least=self.receives.at_least))

    def batch(self, received: Sequence[np.ndarray]) -> torch.Tensor:
        """float32 (B, C, H, W) of what `read` made."""
        return torch.from_numpy(self.receives.normalized(np.stack(received)))
