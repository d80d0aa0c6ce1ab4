"""Networks with random weights, small enough for tests, and a picture for each."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode

from core.layers.shapes import MapShape
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, Head, HiddenLayer, Pool

CLASSES = 10
OUR_SHAPE = (3, 24, 24)
OUR_CNN = CnnConfig(
    (
        ConvBlock(8, batch_norm=True),
        ConvBlock(8, residual=True, batch_norm=True, pool=Pool.NONE),
        ConvBlock(12),
    ),
    hidden=(HiddenLayer(16, dropout=0.3),),
)
RESIDUAL_CNN = CnnConfig(
    (ConvBlock(6), ConvBlock(6, residual=True, pool=Pool.NONE)), head=Head.GLOBAL_AVERAGE
)


class Case(NamedTuple):
    model: nn.Module
    x: torch.Tensor


def our_cnn(config: CnnConfig = OUR_CNN, shape: MapShape = OUR_SHAPE, outputs: int = CLASSES) -> Case:
    torch.manual_seed(1)
    return Case(build_cnn(config, shape, outputs).eval(), torch.randn(1, *shape))


def pretrained_like(name: str, side: int = 64) -> Case:
    """torchvision's model `name` for 10 classes in eval mode, its batch norms no longer at their start."""
    torch.manual_seed(1)
    model = _vgg11() if name == "vgg11" else getattr(torchvision.models, name)(num_classes=CLASSES)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return Case(model.eval(), torch.randn(1, 3, side, side))


def small_transformer() -> Case:
    torch.manual_seed(1)
    model = torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=3
    )
    nn.init.normal_(model.heads.head.weight)  # torchvision starts it at zero
    return Case(model.eval(), torch.randn(1, 3, 32, 32))


def _vgg11() -> nn.Module:
    """With 32 units in place of 4096, for VGG's linear layers hold 123 million weights."""
    with torch.device("meta"):
        model = torchvision.models.vgg11(init_weights=False, num_classes=CLASSES)
    model.classifier[0] = nn.Linear(512 * 7 * 7, 32)
    model.classifier[3] = nn.Linear(32, 32)
    model.classifier[6] = nn.Linear(32, CLASSES)
    model.to_empty(device="cpu")
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return model


class NothingInPlace(TorchFunctionMode):
    """Inside, operations that write into their argument make a new tensor instead."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func.__name__ in ("__iadd__", "add_"):
            return torch.add(*args)
        if kwargs.get("inplace"):
            kwargs = kwargs | {"inplace": False}
        return func(*args, **kwargs)


def state_of(model: nn.Module) -> list[Any]:
    """All that an analysis could have changed in a model."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [
        {
            name: (tensor.clone(), tensor.requires_grad, tensor.grad, tensor._version)
            for name, tensor in tensors
        },
        {name: (module.training, getattr(module, "inplace", None)) for name, module in model.named_modules()},
        {
            name: [len(value) for key, value in vars(module).items() if "hooks" in key]
            for name, module in model.named_modules()
        },
    ]


def same_state(before: list[Any], after: list[Any]) -> bool:
    tensors = zip(before[0].values(), after[0].values(), strict=True)
    return before[1:] == after[1:] and all(
        torch.equal(old[0], new[0]) and old[1:] == new[1:] for old, new in tensors
    )
