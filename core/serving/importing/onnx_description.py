"""What a picture goes through before an ONNX network, and what becomes of its output. No torch, no onnx."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import ConfigError, ModelFileError
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.saved_model import MODEL_FILE
from core.records import from_json, to_json
from core.workspace import read_json, write_json

USUAL_SIDE = 224  # pixels, where a network takes any size
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RESIZED = 256 / 224  # the short side of a picture to the middle that a network of ImageNet receives


class Output(StrEnum):
    PROBABILITIES = "probabilities"
    LOGITS = "logits"  # softmax makes probabilities of them; of a single one, the sigmoid


@dataclass(frozen=True)
class OnnxInput:
    """What the network takes: `batch`, `height` and `width` are None where they are free.

    `is_bytes`: uint8 in 0..255, else float32; `channels_last`: (B, H, W, C), else (B, C, H, W).
    """

    name: str
    is_bytes: bool
    channels_last: bool
    batch: int | None
    channels: int
    height: int | None
    width: int | None

    @property
    def takes_pictures(self) -> bool:
        """Whether pictures go in as they were decoded."""
        return self.is_bytes and self.height is None and self.width is None

    def array_shape(self, batch: int, height: int, width: int) -> tuple[int, ...]:
        """The shape of what goes in."""
        if self.channels_last:
            return (batch, height, width, self.channels)
        return (batch, self.channels, height, width)


@dataclass(frozen=True)
class OnnxDescription:
    """An ONNX network with all that its pictures go through. With `bgr` blue comes first, as OpenCV reads.

    With `prepares` the file itself does what `preprocessing` says to pictures of any size, as an export of
    this app: what has gone through that enters so that nothing more happens to it.
    """

    input: OnnxInput
    output_name: str
    output: Output
    classes: tuple[str, ...]
    preprocessing: Preprocessing | BackbonePreprocessing
    bgr: bool = False
    prepares: bool = False
    kind: str = "onnx"

    def __post_init__(self) -> None:
        channels, *side = self.preprocessing.shape
        wanted = (self.input.height or side[0], self.input.width or side[1])
        if tuple(side) != wanted:
            raise ConfigError(
                "The network takes pictures of one size only.",
                expected=f"{wanted[1]} x {wanted[0]} pixels",
                found=f"{side[1]} x {side[0]}",
                fix="Choose that size.",
            )
        if channels > self.input.channels:
            raise ConfigError(
                "The network takes grey pictures only.", found="RGB pictures", fix="Choose grey."
            )


def default_preprocessing(given: OnnxInput) -> Preprocessing | BackbonePreprocessing:
    """What most networks of this kind were trained with; the user can choose otherwise."""
    height, width = given.height or USUAL_SIDE, given.width or USUAL_SIDE
    if given.channels == 1:
        return Preprocessing.of((height, width), ColorMode.GREY, mean=0.0, std=1.0)
    if given.is_bytes or height != width:
        return Preprocessing(height, width, ColorMode.RGB, Resize.STRETCH, IMAGENET_MEAN, IMAGENET_STD)
    return BackbonePreprocessing(round(height * RESIZED), height, IMAGENET_MEAN, IMAGENET_STD)


def save_onnx_description(folder: Path, description: OnnxDescription) -> None:
    write_json(folder / MODEL_FILE, to_json(description))


def load_onnx_description(folder: Path) -> OnnxDescription:
    """The description beside the network in `folder`.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    try:
        return from_json(OnnxDescription, read_json(folder / MODEL_FILE))
    except (OSError, ValueError, ConfigError) as damage:
        raise ModelFileError(
            f"{MODEL_FILE} of this model can't be read: {damage}", fix="Bring the model again."
        ) from damage
