"""The scripts of an export that are the same for every model: they read `config.json` or `model.onnx`."""

import inspect

import core.data.decoding as decoding
import core.errors as errors
from core.serving.export import command_line
from core.serving.export.source_parts import source_of

_DECODING = (
    *("MAX_PIXELS", "MAX_SIDE", "MAX_FILE_BYTES", "LARGE_PIXELS", "FORMATS", "FORMAT_NAMES", "Source"),
    *("_ORIENTATION", "_UPRIGHT", "_SIDEWAYS", "_large_picture", "open_picture", "_opened", "_stream"),
    *("_check_size", "_room_for", "_shrink", "_orientation", "_is_sideways", "_upright", "_eight_bit"),
    *("_over_white", "_scaled", "draft_size", "LEAST_SIDE"),
)

PREDICT = '''\
"""Pictures through the network of model.py with the weights of model.pt.

Needs what requirements.txt names. Run: python predict.py FOLDER_OR_FILES
"""

import sys
from pathlib import Path

import numpy as np
import torch

import command_line
import model
from pictures import PictureRejected, open_picture

WEIGHTS = Path(__file__).resolve().parent / "model.pt"


def read(path: Path) -> np.ndarray:
    """A picture file as the network receives it: uint8 (H, W, C)."""
    try:
        return model.received(open_picture(path, at_least=model.AT_LEAST))
    except PictureRejected as rejection:
        raise ValueError(str(rejection)) from rejection


def main() -> int:
    network = model.load(WEIGHTS)

    @torch.inference_mode()
    def predict(pictures: list[np.ndarray]) -> list[list[float]]:
        return model.probabilities(network(model.normalized(np.stack(pictures)))).tolist()

    return command_line.run(sys.argv[1:], model.ABOUT, model.CLASSES, read, predict)


if __name__ == "__main__":
    sys.exit(main())
'''

PREDICT_ONNX = '''\
"""Pictures through model.onnx, which holds the network and all that pictures go through before it.

Needs what requirements-onnx.txt names: no PyTorch. Run: python predict_onnx.py FOLDER_OR_FILES
"""

import json
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import onnxruntime

import command_line
from pictures import PictureRejected, open_picture

MODEL = Path(__file__).resolve().parent / "model.onnx"
AT_ONCE = 4_000_000  # pixels; each takes some 50 bytes on its way


def main() -> int:
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    at_least = tuple(json.loads(facts["at_least"]))  # pixels: a large JPEG is decoded smaller, but not below

    def read(path: Path) -> np.ndarray:
        """A picture file, decoded: uint8 (H, W, 3)."""
        try:
            return np.asarray(open_picture(path, at_least=at_least).convert("RGB"))
        except PictureRejected as rejection:
            raise ValueError(str(rejection)) from rejection

    def predict(pictures: list[np.ndarray]) -> list[list[float]]:
        """Small ones of one size that follow each other go through together."""
        said: list[list[float]] = []
        for (height, width, _), group in groupby(pictures, key=np.shape):
            alike, at_once = list(group), max(1, AT_ONCE // (height * width))
            for start in range(0, len(alike), at_once):
                together = np.stack(alike[start : start + at_once])
                (probabilities,) = session.run(["probabilities"], {"picture": together})
                said += probabilities.tolist()
        return said

    return command_line.run(sys.argv[1:], facts["about"], json.loads(facts["classes"]), read, predict)


if __name__ == "__main__":
    sys.exit(main())
'''

_PICTURES = '''\
"""From a picture file to an upright 8-bit picture, with the rules of the app that trained the model:
JPEGs may be decoded smaller, EXIF turns, transparency over white, 16 bits to 8. Needs numpy and pillow.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError, features


#ERRORS


#DECODING
'''


def pictures_script() -> str:
    """pictures.py: how this app decodes, in its own words."""
    kinds = source_of(errors, "WorkbenchError", "_restore", "PictureRejected")
    return _PICTURES.replace("#ERRORS", kinds).replace("#DECODING", source_of(decoding, *_DECODING))


def command_line_script() -> str:
    """command_line.py."""
    return inspect.getsource(command_line)
