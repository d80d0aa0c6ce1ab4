"""EfficientNet-Lite0: an EfficientNet-B0 without squeeze-and-excitation, with ReLU6, that runs on phones.

As in TensorFlow's models/official/efficientnet/lite, whose trained weights it takes; the random depth of
their training is left out.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from math import prod, sqrt
from typing import NamedTuple

import torch
from torch import nn

SIDE = 224  # pixels: the padding of the weights' training is that of pictures of this size
CLASSES = 1000
STEM, HEAD = 32, 1280  # channels
# TensorFlow's: its momentum of 0.99 is torch's 0.01.
EPSILON, MOMENTUM = 1e-3, 0.01


class Stage(NamedTuple):
    """`blocks` blocks to `channels`; the first has the stride, the depth of each grows by `expansion`."""

    expansion: int
    channels: int
    blocks: int
    kernel: int
    stride: int


STAGES = (
    Stage(1, 16, 1, 3, 1),
    Stage(6, 24, 2, 3, 2),
    Stage(6, 40, 2, 5, 2),
    Stage(6, 80, 3, 3, 2),
    Stage(6, 112, 3, 5, 1),
    Stage(6, 192, 4, 5, 2),
    Stage(6, 320, 1, 3, 1),
)

_PUBLISHED = re.compile(r"(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)")
_MODULES = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
    "_fc": "classifier",
}
_MODULES_OF_A_BLOCK = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


class Block(nn.Sequential):
    """Inverted bottleneck: to many channels, a convolution of each by itself, and back to few.

    The picture (B, C, H, W) is added again where its shape stays.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        wide = inputs * expansion
        layers = OrderedDict[str, nn.Module]()
        if expansion > 1:
            layers["expand"] = convolution(inputs, wide, 1)
        layers["depthwise"] = convolution(wide, wide, kernel, stride, groups=wide)
        layers["project"] = convolution(wide, outputs, 1, activation=False)
        super().__init__(layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """Pictures (B, 3, 224, 224), each value (x - 127) / 128 for x in 0..255, to logits (B, classes)."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        blocks, channels = [], STEM
        for stage in STAGES:
            for stride in (stage.stride, *(1,) * (stage.blocks - 1)):
                blocks.append(Block(channels, stage.channels, stage.expansion, stage.kernel, stride))
                channels = stage.channels
        self.stem = convolution(3, STEM, 3, 2)
        self.blocks = nn.Sequential(*blocks)
        self.head = convolution(channels, HEAD, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(HEAD, classes)
        self.apply(_draw)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.head(self.blocks(self.stem(x)))
        return self.classifier(self.dropout(self.flatten(self.pool(x))))


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, activation: bool = True
) -> nn.Sequential:
    """Padded as TensorFlow's "same" does a map of an even side: with a stride, less before than after."""
    layers = OrderedDict[str, nn.Module]()
    padding = kernel // 2
    if stride > 1:
        before, padding = (kernel - stride) // 2, 0
        after = kernel - stride - before
        layers["pad"] = nn.ZeroPad2d((before, after, before, after))
    layers["conv"] = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
    layers["norm"] = nn.BatchNorm2d(outputs, EPSILON, MOMENTUM)
    if activation:
        layers["activation"] = nn.ReLU6()
    return nn.Sequential(layers)


def renamed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict as it is published for PyTorch, under the names of the modules here."""
    return {_own_name(name): tensor for name, tensor in state.items()}


def _own_name(published: str) -> str:
    """ "blocks.3.expand.norm.bias" for "_blocks.3._bn0.bias"; other names stay."""
    if (parts := _PUBLISHED.fullmatch(published)) is None:
        return published
    block, module, tensor = parts.groups()
    own = (_MODULES_OF_A_BLOCK if block else _MODULES).get(module)
    if own is None:
        return published
    return f"blocks.{block}.{own}.{tensor}" if block else f"{own}.{tensor}"


def _draw(module: nn.Module) -> None:
    """First weights, as TensorFlow's EfficientNets draw theirs: by the values that one value goes into."""
    if isinstance(module, nn.Conv2d):
        fan_out = prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=sqrt(2 / fan_out))
    elif isinstance(module, nn.Linear):
        bound = 1 / sqrt(module.out_features)
        nn.init.uniform_(module.weight, -bound, bound)
        nn.init.zeros_(module.bias)
