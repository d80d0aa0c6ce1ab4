"""torchvision's classification models: their names, what was published with their weights, and the models
themselves on the meta device, where no weight takes memory. Nothing is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision.models import WeightsEnum

from core.errors import ConfigError
from core.layers.shapes import MapShape, Pair

CHANNELS = 3
FIXED_SIZE = {"vit_": "image_size", "maxvit_": "input_size"}  # prefix of a name: argument with the size
QUANTIZED = "quantized_"
# GoogLeNet's published weights leave its two auxiliary heads out; both draw their first weights slowly.
AS_PUBLISHED = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"init_weights": False},
}
PATCH = (4, 4)  # pixels of Swin's first convolution; its weights state the size that they were trained on
ALLOCATES = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)


@dataclass(frozen=True)
class Published:
    """What torchvision states of a model's weights, measured on ImageNet-1K pictures of `size`."""

    weights: str
    parameters: int
    giga_macs: float  # 10^9 multiply-accumulates a picture, rounded to 3 decimals
    size: Pair  # (rows, columns) of the pictures that the weights were made for
    least_size: Pair
    accuracy: float  # share of pictures, first guess, in 0..1
    accuracy_of_five: float


@cache
def model_names() -> tuple[str, ...]:
    """Every classification model of torchvision's registry, by name.

    Those called "quantized_..." are walked in their float form: quantizing changes the numbers' type only.
    """
    families = (torchvision.models, torchvision.models.quantization)
    return tuple(
        name for family in families for name in sorted(torchvision.models.list_models(module=family))
    )


def float_name(name: str) -> str:
    """ "resnet18" for "quantized_resnet18"."""
    return name.removeprefix(QUANTIZED)


def published(name: str) -> Published:
    """The facts of the weights that torchvision gives by default.

    Raises:
        ConfigError: no model has this name.
    """
    return _facts(_weights(name).DEFAULT)


def all_published(name: str) -> tuple[Published, ...]:
    """The facts of all weights of a model, which can differ in the size of the pictures."""
    return tuple(_facts(weights) for weights in _weights(name))


def least_size(name: str) -> Pair:
    """The smallest pictures (rows, columns) that reach the end of a model."""
    return PATCH if name.startswith("swin_") else published(name).least_size


def sizes(name: str) -> tuple[Pair, ...]:
    """The sizes (rows, columns) that a model is made for; empty where it takes others too."""
    if _size_argument(name) is None:
        return ()
    return tuple(sorted({facts.size for facts in all_published(name)}))


def build_on_meta(name: str, input_shape: MapShape) -> nn.Module:
    """The model for pictures of `input_shape` (C, H, W), as its published weights fill it, in eval mode.

    Raises:
        ConfigError: no model has this name.
    """
    _weights(name)
    arguments: dict[str, Any] = {}
    if (size := _size_argument(name)) is not None:
        arguments[size] = input_shape[1] if size == "image_size" else input_shape[1:]
    if name.startswith(QUANTIZED):
        arguments["quantize"] = False
    if float_name(name) in AS_PUBLISHED:
        arguments |= AS_PUBLISHED[float_name(name)]
    with _WeightsOnMeta():
        model = torchvision.models.get_model_builder(name)(weights=None, **arguments)
    return model.to("meta").eval()


class _WeightsOnMeta(TorchFunctionMode):
    """Weights go to the meta device; other tensors stay, for RegNet computes its widths with them."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in ALLOCATES:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def _size_argument(name: str) -> str | None:
    return next((argument for prefix, argument in FIXED_SIZE.items() if name.startswith(prefix)), None)


@cache
def _weights(name: str) -> type[WeightsEnum]:
    if name not in model_names():
        raise ConfigError(
            "torchvision has no classification model of this name.",
            found=name,
            fix="Choose one of the list.",
        )
    return torchvision.models.get_model_weights(name)


def _facts(weights: WeightsEnum) -> Published:
    meta, accuracies = weights.meta, weights.meta["_metrics"]["ImageNet-1K"]
    (side,) = weights.transforms().crop_size
    return Published(
        weights.name,
        meta["num_params"],
        meta["_ops"],
        (side, side),
        meta["min_size"],
        accuracies["acc@1"] / 100,
        accuracies["acc@5"] / 100,
    )
