"""The head of a classification model: where it is, and another one in its place."""

from dataclasses import dataclass

from torch import nn

from core.errors import ConfigError


@dataclass(frozen=True)
class FoundHead:
    """The module `name` makes `classes` logits of `features`; SqueezeNet's is a convolution of 1 x 1."""

    name: str
    features: int
    classes: int
    is_convolution: bool


def find_head(model: nn.Module) -> FoundHead:
    """The last linear layer or 1 x 1 convolution of `model`; heads that only training runs don't count.

    Raises:
        ConfigError: there is none.
    """
    found = [
        FoundHead(name, module.in_features, module.out_features, False)
        if isinstance(module, nn.Linear)
        else FoundHead(name, module.in_channels, module.out_channels, True)
        for name, module in model.named_modules()
        if not name.lower().startswith("aux")
        and (
            isinstance(module, nn.Linear) or (isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1))
        )
    ]
    if not found:
        raise ConfigError(
            "The network has no head that could be replaced.",
            expected="a linear layer or a 1 x 1 convolution at its end",
            found=type(model).__name__,
            fix="Choose another backbone.",
        )
    return found[-1]


def replace_head(model: nn.Module, head: nn.Module) -> None:
    """Put `head` where `find_head` found one; what it receives is (B, features) or (B, features, h, w)."""
    outer, _, last = find_head(model).name.rpartition(".")
    setattr(model.get_submodule(outer), last, head)
