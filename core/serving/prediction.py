"""From a finished run to class probabilities of new pictures, preprocessed just as in its training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import nn

from core.data.decoding import Source, open_picture
from core.data.receives import Receives
from core.models.saved_build import build_saved, empty_network
from core.models.saved_model import Saved, load_model_description
from core.models.traced import traced
from core.models.walk import Walk
from core.runs.store import Run
from core.training.checkpoint import CheckpointFolder
from core.training.config import Loss
from core.training.objective import probabilities

BATCH = 64


@dataclass(frozen=True)
class Predictor:
    """A trained model in eval mode on the CPU, with all that its pictures have to go through."""

    model: nn.Module
    saved: Saved

    @property
    def classes(self) -> tuple[str, ...]:
        return self.saved.classes

    @property
    def preprocessing(self) -> Receives:
        return self.saved.preprocessing

    def read(self, source: Source) -> np.ndarray:
        """What the network receives of a picture file: uint8 (H, W, C), before normalization.

        Raises:
            PictureRejected: the file is not a picture that can be used.
        """
        return self.preprocessing.pixels(open_picture(source, at_least=self.preprocessing.at_least))

    @property
    def walk(self) -> Walk:
        """Every layer, by the names of its modules."""
        return traced(empty_network(self.saved), self.preprocessing.shape)

    def batch(self, received: Sequence[np.ndarray]) -> torch.Tensor:
        """float32 (B, C, H, W) of what `read` or `received` made."""
        return torch.from_numpy(self.preprocessing.normalized(np.stack(received)))

    def received(self, picture: Image.Image) -> np.ndarray:
        """What the network receives of a decoded picture: uint8 (H, W, C), before normalization."""
        return self.preprocessing.pixels(picture)

    def predict(self, received: Sequence[np.ndarray]) -> np.ndarray:
        """Class probabilities (N, K), float32, of N arrays made by `read` or `received`."""
        if not received:
            return np.zeros((0, len(self.classes)), np.float32)
        loss = Loss.SINGLE_LOGIT if self.saved.single_logit else Loss.CROSS_ENTROPY
        parts = []
        with torch.inference_mode():
            for start in range(0, len(received), BATCH):
                logits = self.model(self.batch(received[start : start + BATCH]))
                parts.append(probabilities(logits, loss).numpy())
        return np.concatenate(parts)


def load_predictor(run: Run) -> Predictor:
    """The best model of `run`, read under `weights_only=True`.

    Raises:
        ModelFileError: the run has no model yet, or its files don't belong together.
    """
    saved = load_model_description(run.folder)
    weights = CheckpointFolder(run.folder).load_best()
    return Predictor(build_saved(saved, weights, named="The weights of best.pt"), saved)
