"""model.py of an export: the network as readable PyTorch, what it receives, and what its logits mean."""

import inspect

import core.models.efficientnet_lite as efficientnet_lite
import core.models.feature_classifier as feature_classifier
from core.data.preprocessing import Preprocessing, Resize
from core.models.backbone_preprocessing import MOST_PIXELS, BackbonePreprocessing
from core.models.backbones import builder_arguments
from core.models.code import class_source
from core.models.heads import find_head
from core.models.saved_build import build_head
from core.models.saved_model import Saved, SavedFeatures, SavedFineTuned, SavedModel
from core.models.weights import LITE0
from core.models.weights_file import model_on_meta
from core.serving.export.source_parts import source_of

_LITE0_SCRIPT = "efficientnet_lite0"


def model_scripts(saved: Saved, temperature: float, about: str) -> dict[str, str]:
    """File name -> source: model.py, and the backbone's class where no package has it.

    They need torch, numpy and pillow, and torchvision where the backbone is one of its own.
    """
    parts = [
        _head(saved, temperature, about),
        _received(saved),
        _NORMALIZED,
        *_network(saved),
        _LOAD,
        _SINGLE_LOGIT if saved.single_logit else _SOFTMAX,
    ]
    scripts = {"model.py": "\n\n\n".join(part.strip("\n") for part in parts) + "\n"}
    if _is_lite0(saved):
        scripts[f"{_LITE0_SCRIPT}.py"] = inspect.getsource(efficientnet_lite)
    return scripts


def needs_torchvision(saved: Saved) -> bool:
    """Whether the backbone's class is torchvision's."""
    return not isinstance(saved, SavedModel) and not _is_lite0(saved)


def _is_lite0(saved: Saved) -> bool:
    return not isinstance(saved, SavedModel) and saved.backbone == LITE0


def _head(saved: Saved, temperature: float, about: str) -> str:
    receives = saved.preprocessing
    imports = ["from pathlib import Path", "", "import numpy as np", "import torch"]
    if isinstance(saved, SavedModel) and any(block.residual for block in saved.cnn.blocks):
        imports.insert(0, "from collections import OrderedDict")
    if needs_torchvision(saved):
        imports.append("import torchvision")
    fits = isinstance(receives, Preprocessing) and receives.resize is not Resize.STRETCH
    imports += [f"from PIL import Image{', ImageOps' if fits else ''}", "from torch import nn"]
    if isinstance(saved, SavedFeatures):
        imports[-1] = "from torch import Tensor, nn"
        imports.append("from torch.nn import functional")
    if _is_lite0(saved):
        imports += ["", f"from {_LITE0_SCRIPT} import EfficientNetLite0"]
    listed = "\n".join(imports)
    return f'''
"""The network, what it receives, and what its logits mean. Written by ConvNet Workbench."""

{listed}

ABOUT = {about!r}
CLASSES = {list(saved.classes)!r}
TEMPERATURE = {temperature!r}  # logits are divided by it: a probability then means what it says
{_sizes(receives)}
MEAN, STD = {list(receives.mean)}, {list(receives.std)}  # of each channel, of values in [0, 1]
AT_LEAST = {receives.at_least!r}  # a large JPEG is decoded smaller, not below twice these rows, columns'''


def _sizes(receives: Preprocessing | BackbonePreprocessing) -> str:
    if isinstance(receives, Preprocessing):
        return f"HEIGHT, WIDTH, CHANNELS = {receives.height}, {receives.width}, {receives.color.channels}"
    return (
        f"SHORT_SIDE, CROP = {receives.resize}, {receives.crop}  # pixels\n"
        f"MOST_PIXELS = {MOST_PIXELS:_}  # of a resized picture; of a longer one only the middle is made"
    )


def _received(saved: Saved) -> str:
    receives = saved.preprocessing
    if isinstance(receives, BackbonePreprocessing):
        return _MIDDLE.replace("#FILTER", f"Image.Resampling.{receives.interpolation.name}")
    resize = {
        Resize.STRETCH: "picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
        Resize.CROP: "ImageOps.fit(picture, (WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
        Resize.PAD: "ImageOps.pad(picture, (WIDTH, HEIGHT), Image.Resampling.BILINEAR)",
    }[receives.resize]
    return f'''
def received(picture: Image.Image) -> np.ndarray:
    """A decoded picture, RGB or grey, as the network receives it: uint8 (H, W, C)."""
    picture = picture.convert({receives.color.pillow_mode!r})
    if picture.size != (WIDTH, HEIGHT):
        picture = {resize}
    return np.asarray(picture, dtype=np.uint8).reshape(HEIGHT, WIDTH, CHANNELS)
'''


_MIDDLE = '''
def received(picture: Image.Image) -> np.ndarray:
    """The middle of a decoded picture whose short side is resized: uint8 (H, W, 3)."""
    picture = picture.convert("RGB")
    along = int(SHORT_SIDE * max(picture.size) / min(picture.size))
    width, height = (SHORT_SIDE, along) if picture.width <= picture.height else (along, SHORT_SIDE)
    left, top = round((width - CROP) / 2), round((height - CROP) / 2)
    if width * height > MOST_PIXELS:
        across, down = picture.width / width, picture.height / height
        right, bottom = (left + CROP) * across, (top + CROP) * down
        box = (left * across, top * down, min(right, picture.width), min(bottom, picture.height))
        return np.asarray(picture.resize((CROP, CROP), #FILTER, box))
    if picture.size != (width, height):
        picture = picture.resize((width, height), #FILTER)
    return np.asarray(picture.crop((left, top, left + CROP, top + CROP)))
'''

_NORMALIZED = '''
def normalized(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (B, H, W, C) as the float32 (B, C, H, W) that enters the network."""
    scaled = pictures.astype(np.float32) / 255
    scaled = (scaled - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))
'''

_LOAD = '''
def load(weights: Path) -> nn.Module:
    """The network with trained weights, in evaluation mode: dropout off, batch norm as training left it."""
    network = build()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()
'''

_SOFTMAX = '''
def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Logits (B, K) as the probability of each class, in the order of `CLASSES`."""
    return torch.softmax(logits.float() / TEMPERATURE, 1)
'''

_SINGLE_LOGIT = '''
def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """The one logit (B, 1), that of the second class, as the probability of each class."""
    logits = logits.float() / TEMPERATURE
    return torch.sigmoid(torch.cat([-logits, logits], 1))
'''


def _network(saved: Saved) -> list[str]:
    """The classes, and `build`."""
    if isinstance(saved, SavedModel):
        built = 'def build() -> nn.Module:\n    """With random weights."""\n    return CNN()'
        return [class_source(saved.cnn, saved.preprocessing.shape, saved.outputs), built]
    parts = []
    found = find_head(model_on_meta(saved.backbone))
    outer, _, last = found.name.rpartition(".")
    put = (
        f'setattr(backbone.get_submodule("{outer}"), "{last}", {{}})' if outer else f"backbone.{last} = {{}}"
    )
    if isinstance(saved, SavedFineTuned):
        layers = ", ".join(f"nn.{layer}" for layer in build_head(found, saved.head, saved.outputs))
        head, network = f"nn.Sequential({layers})", "backbone"
    else:
        parts.append(source_of(feature_classifier, "FeatureClassifier"))
        head, network = "nn.Identity()", f"FeatureClassifier(backbone, {saved.features}, {saved.outputs})"
    return [
        *parts,
        f'''
def build() -> nn.Module:
    """With random weights: {saved.backbone}, and a head of its own instead of ImageNet's."""
    backbone = {_backbone(saved)}
    {put.format(head)}
    return {network}
''',
    ]


def _backbone(saved: SavedFineTuned | SavedFeatures) -> str:
    if _is_lite0(saved):
        return "EfficientNetLite0()"
    arguments = builder_arguments(saved.backbone, saved.preprocessing.crop)
    listed = "".join(f", {name}={value!r}" for name, value in arguments.items())
    model = f'torchvision.models.get_model("{saved.backbone}", weights=None{listed})'
    if hasattr(model_on_meta(saved.backbone), "transform_input"):
        model += "\n    backbone.transform_input = True  # as its weights were trained"
    return model
