"""From a finished run to class probabilities of new pictures, preprocessed just as in its training."""

from collections.abc import Iterator, Sequence
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
from core.serving.calibration import temperature_of
from core.serving.last_features import with_last_features
from core.training.batches import Batcher, unit_range
from core.training.checkpoint import CheckpointFolder
from core.training.config import Loss
from core.training.evaluation_batch import evaluation_batch
from core.training.kernels import pooled_early
from core.training.objective import probabilities


@dataclass(frozen=True)
class Predictor:
    """A trained model in eval mode on the CPU, with all that its pictures have to go through."""

    model: nn.Module
    saved: Saved
    temperature: float = 1.0

    def __post_init__(self) -> None:
        self.model.to(memory_format=torch.channels_last)  # as its pictures lie

    @property
    def classes(self) -> tuple[str, ...]:
        return self.saved.classes

    @property
    def preprocessing(self) -> Receives:
        return self.saved.preprocessing

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return self.preprocessing.shape

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
        """Class probabilities (N, K), float32, of N arrays made by `read` or `received`; not calibrated."""
        forward = pooled_early(self.model)
        with torch.inference_mode():
            parts = [self._probabilities(forward(x)) for x in self._batches(received)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def predict_with_features(self, received: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The same of N > 0 arrays, and the last features (N, D), float32, that the logits are made of."""
        look = with_last_features(self.model)
        with torch.inference_mode():
            passes = [look(x) for x in self._batches(received)]
        shares = np.concatenate([self._probabilities(logits) for logits, _ in passes])
        return shares, np.concatenate([features.numpy() for _, features in passes])

    def _batches(self, received: Sequence[np.ndarray]) -> Iterator[torch.Tensor]:
        batcher = Batcher(self.preprocessing, torch.device("cpu"))
        size = evaluation_batch(batcher.side, "cpu")
        for start in range(0, len(received), size):
            pixels = np.stack(received[start : start + size])
            yield batcher.normalized(unit_range(torch.from_numpy(pixels)))

    def _probabilities(self, logits: torch.Tensor) -> np.ndarray:
        loss = Loss.SINGLE_LOGIT if self.saved.single_logit else Loss.CROSS_ENTROPY
        return probabilities(logits, loss).numpy()


def load_predictor(run: Run) -> Predictor:
    """The best model of `run`, read under `weights_only=True`.

    Raises:
        ModelFileError: the run has no model yet, or its files don't belong together.
    """
    saved = load_model_description(run.folder)
    weights = CheckpointFolder(run.folder).load_best()
    network = build_saved(saved, weights, named="The weights of best.pt")
    return Predictor(network, saved, temperature_of(run))
