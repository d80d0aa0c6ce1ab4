"""A CnnConfig as a torch.nn.Sequential, with a readable name for every layer."""

from collections import OrderedDict
from collections.abc import Iterable

import torch
from torch import nn

from core.layers import residual
from core.layers.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool2d
from core.layers.batch_norm import BatchNorm1d, BatchNorm2d
from core.layers.convolution import Conv1d, Conv2d
from core.layers.elementwise import Activation, Dropout
from core.layers.layer import Layer
from core.layers.linear import Flatten, Linear
from core.layers.pooling import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from core.layers.shapes import MapShape
from core.layers.transposed import ConvTranspose2d
from core.models.cnn_config import CnnConfig
from core.models.cnn_steps import cnn_steps
from core.models.cnn_walk import walk


class Residual(nn.Module):
    """main(x) + skip(x), for x (B, C, H, W)."""

    def __init__(self, main: nn.Module, skip: nn.Module) -> None:
        super().__init__()
        self.main = main
        self.skip = skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.main(x) + self.skip(x)


def build_cnn(config: CnnConfig, input_shape: MapShape, outputs: int) -> nn.Sequential:
    """The network from (B, C, H, W) = (B, *input_shape) to logits (B, outputs), freshly initialized.

    Names in the state dict are conv1, norm1 ... hidden1 ... output, or residual1.main.conv and so on.

    Raises:
        LayerError: the first layer that can't be built, with the numbers.
    """
    if (error := walk(config, input_shape, outputs).error) is not None:
        raise error
    return _sequential((step.name, step.layer) for step in cnn_steps(config, input_shape, outputs))


def torch_module(layer: Layer) -> nn.Module:
    """The torch.nn module of one layer."""
    match layer:
        case Conv1d() | Conv2d():
            return getattr(nn, type(layer).__name__)(
                layer.in_channels,
                layer.out_channels,
                layer.kernel,
                stride=layer.stride,
                padding=layer.padding,
                dilation=layer.dilation,
                groups=layer.groups,
                bias=layer.bias,
                padding_mode=str(layer.padding_mode),
            )
        case ConvTranspose2d():
            return nn.ConvTranspose2d(
                layer.in_channels,
                layer.out_channels,
                layer.kernel,
                stride=layer.stride,
                padding=layer.padding,
                output_padding=layer.output_padding,
                groups=layer.groups,
                bias=layer.bias,
                dilation=layer.dilation,
            )
        case BatchNorm1d() | BatchNorm2d():
            return getattr(nn, type(layer).__name__)(layer.channels, affine=layer.affine)
        case Activation():
            return getattr(nn, layer.function)()
        case MaxPool1d() | MaxPool2d():
            return getattr(nn, type(layer).__name__)(
                layer.kernel, layer.stride, layer.padding, layer.dilation, ceil_mode=layer.ceil_mode
            )
        case AvgPool1d() | AvgPool2d():
            return getattr(nn, type(layer).__name__)(
                layer.kernel, layer.stride, layer.padding, layer.ceil_mode, layer.count_include_pad
            )
        case AdaptiveAvgPool1d() | AdaptiveAvgPool2d() | AdaptiveMaxPool2d():
            return getattr(nn, type(layer).__name__)(layer.output)
        case Flatten():
            return nn.Flatten()
        case Linear():
            return nn.Linear(layer.in_features, layer.out_features, bias=layer.bias)
        case Dropout():
            return getattr(nn, layer.function)(layer.probability)
        case residual.Residual():
            return Residual(_sequential(layer.main), _sequential(layer.skip) if layer.skip else nn.Identity())
    raise TypeError(f"no torch.nn module for {type(layer).__name__}")


def _sequential(layers: Iterable[tuple[str, Layer]]) -> nn.Sequential:
    return nn.Sequential(OrderedDict((name, torch_module(layer)) for name, layer in layers))
