"""The head that a state dict brings for a backbone: what it is, and its tensors under the names of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.errors import ModelFileError
from core.models.heads import FoundHead
from core.models.saved_model import HeadConfig

STEP = 3  # modules from one linear layer of our heads to the next: ReLU and dropout lie between
_TENSORS = ("weight", "bias")


@dataclass(frozen=True)
class GivenHead:
    """`layers` are the names of its linear layers, in the order of computation; `outputs` its logits."""

    layers: tuple[str, ...]
    config: HeadConfig
    outputs: int


def given_head(found: FoundHead, state: Mapping[str, Any]) -> GivenHead:
    """The head that `state` has where `found` says that the backbone's own is.

    One linear layer, as torchvision's own, or several, with ReLU between them.

    Raises:
        ModelFileError: there is none, or it doesn't go on from the backbone's features.
    """
    weights = {
        key.removesuffix(".weight"): value
        for key, value in state.items()
        if key.startswith(f"{found.name}.")
        and key.endswith(".weight")
        and isinstance(value, Tensor)
        and value.ndim == (4 if found.is_convolution else 2)
    }
    layers = sorted(weights, key=_natural)
    widths = [found.features, *(int(weights[layer].shape[0]) for layer in layers)]
    if not layers or any(
        weights[layer].shape[1] != width for layer, width in zip(layers, widths, strict=False)
    ):
        raise ModelFileError(
            "The head of these weights doesn't fit the backbone.",
            expected=f"{found.name}.weight, of {found.features} features",
            found=", ".join(f"{layer}.weight {tuple(weights[layer].shape)}" for layer in layers[:3])
            or f"no {found.name}.weight",
            fix="Choose the architecture that the weights were saved from.",
        )
    return GivenHead(tuple(layers), HeadConfig(tuple(widths[1:-1])), widths[-1])


def under_our_names(found: FoundHead, head: GivenHead, state: Mapping[str, Any]) -> dict[str, Any]:
    """`state` with the tensors of its head named as core.models.saved_build names them."""
    names = {
        f"{layer}.{tensor}": f"{found.name}.{STEP * position}.{tensor}"
        for position, layer in enumerate(head.layers)
        for tensor in _TENSORS
    }
    return {names.get(key, key): value for key, value in state.items()}


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that puts "fc.10" behind "fc.2"; safetensors orders names by their letters."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"\.", name)]
