"""An ONNX network that predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from core.data.decoding import Source, open_picture
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.imported import ONNX_FILE
from core.serving.importing.onnx_description import OnnxDescription, Output, load_onnx_description
from core.serving.importing.onnx_session import BATCH, open_session, run


@dataclass(frozen=True)
class OnnxModel:
    """An ONNX network on the CPU, with all that its pictures have to go through."""

    session: onnxruntime.InferenceSession
    description: OnnxDescription
    temperature: float = 1.0

    @property
    def classes(self) -> tuple[str, ...]:
        return self.description.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return self.description.preprocessing.shape

    def read(self, source: Source) -> np.ndarray:
        """What the network receives of a picture file: uint8 (H, W, C), before normalization.

        Raises:
            PictureRejected: the file is not a picture that can be used.
        """
        preprocessing = self.description.preprocessing
        return preprocessing.pixels(open_picture(source, at_least=preprocessing.at_least))

    def predict(self, received: Sequence[np.ndarray]) -> np.ndarray:
        """Class probabilities (N, K), float32, of N arrays made by `read`.

        Raises:
            ModelFileError: the network fails, takes too long, or asks for too much memory.
        """
        size = self.description.input.batch or BATCH
        parts = [self._batch(np.stack(received[at : at + size])) for at in range(0, len(received), size)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def _batch(self, pixels: np.ndarray) -> np.ndarray:
        x = entering(self.description, pixels)
        missing = (self.description.input.batch or len(x)) - len(x)  # of a network for so many at a time
        x = np.concatenate([x, np.zeros((missing, *x.shape[1:]), x.dtype)])
        given = run(self.session, self.description.output_name, self.description.input.name, x)
        return probabilities(given[: len(pixels)], self.description.output)


def load_onnx_model(folder: Path) -> OnnxModel:
    """The network in the folder of an imported model.

    Raises:
        ModelFileError: its files are missing or damaged.
    """
    return OnnxModel(open_session(folder / ONNX_FILE), load_onnx_description(folder))


def entering(description: OnnxDescription, pixels: np.ndarray) -> np.ndarray:
    """uint8 (B, H, W, C) as what enters the network."""
    given, preprocessing = description.input, description.preprocessing
    if description.prepares and isinstance(preprocessing, BackbonePreprocessing):
        pixels = _framed(pixels, preprocessing)
    x = pixels.transpose(0, 3, 1, 2) if given.is_bytes else preprocessing.normalized(pixels)
    if x.shape[1] < given.channels:
        x = np.repeat(x, given.channels, 1)
    if description.bgr:
        x = x[:, ::-1]
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1) if given.channels_last else x)


def _framed(pixels: np.ndarray, preprocessing: BackbonePreprocessing) -> np.ndarray:
    """uint8 (B, crop, crop, C) as the middle of pictures that already have the size of which it is cut."""
    before = round((preprocessing.resize - preprocessing.crop) / 2)
    after = preprocessing.resize - preprocessing.crop - before
    return np.pad(pixels, ((0, 0), (before, after), (before, after), (0, 0)))


def probabilities(given: np.ndarray, output: Output) -> np.ndarray:
    """What a network gives (B, K) as class probabilities; a single number is that of the second class."""
    if output is Output.LOGITS:
        logits = np.concatenate([np.zeros_like(given), given], 1) if given.shape[1] == 1 else given
        exponentials = np.exp(logits - logits.max(1, keepdims=True))
        return exponentials / exponentials.sum(1, keepdims=True)
    return np.concatenate([1 - given, given], 1) if given.shape[1] == 1 else given
