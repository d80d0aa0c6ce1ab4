"""Running a network as an execution says: the kernels, their numbers, their order and their threads."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from core.training.config import Precision
from core.training.execution import Execution

Forward = Callable[[Tensor], Tensor]


def layout(execution: Execution) -> torch.memory_format:
    return torch.channels_last if execution.channels_last else torch.contiguous_format


def laid_out(values: Tensor, execution: Execution) -> Tensor:
    """`values` in the layout of the execution, where they are maps (B, C, H, W)."""
    return values.to(memory_format=layout(execution)) if values.dim() == 4 else values


def autocast(execution: Execution) -> torch.autocast:
    """The context in which a network learns: bfloat16 where the execution says so."""
    enabled = execution.precision is Precision.BFLOAT16
    return torch.autocast(torch.device(execution.device).type, torch.bfloat16, enabled=enabled)


class _KeepLayout(torch.autograd.Function):
    """Maps as they are, whose gradient comes back in their own layout.

    That of flattened maps comes channels first; pooling then takes seven times as long on its way back.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        last = maps.dim() == 4 and maps.is_contiguous(memory_format=torch.channels_last)
        ctx.layout = torch.channels_last if last else torch.contiguous_format
        return maps.view_as(maps)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        (gradient,) = gradients
        return gradient.contiguous(memory_format=ctx.layout)


def pooled_early(model: nn.Module) -> Forward:
    """The forward pass of `model`, with each ReLU after the max pooling that follows it.

    ReLU never changes which of two values is larger, so the maximum of the rectified values is the
    rectified maximum, to the bit and also on the way back; but it works on a quarter of the map.
    Gradients keep the layout of the maps. Anything but an `nn.Sequential` is run as it stands, and so is
    dilated pooling: a window of nothing but padding has no maximum.
    """
    if type(model) is not nn.Sequential:
        return model
    layers = list(model)
    for index in range(len(layers) - 1):
        relu, pool = layers[index : index + 2]
        if type(relu) is nn.ReLU and type(pool) is nn.MaxPool2d and pool.dilation in (1, (1, 1)):
            layers[index : index + 2] = pool, relu

    def forward(x: Tensor) -> Tensor:
        for layer in layers:
            if x.requires_grad and isinstance(layer, nn.Flatten | nn.AdaptiveAvgPool2d):
                x = _KeepLayout.apply(x)
            x = layer(x)
        return x

    return forward


def learning_forward(model: nn.Module, execution: Execution) -> Forward:
    """What a learning step calls: `pooled_early`, compiled where the execution says so."""
    forward = pooled_early(model)
    return torch.compile(forward, mode="reduce-overhead") if execution.compiled else forward


@contextlib.contextmanager
def kernels_of(execution: Execution, *, deterministic: bool) -> Iterator[None]:
    """Threads and kernels as the execution has them; as before afterwards."""
    deterministic = deterministic and execution.device.startswith("cuda")  # others have no other kernels
    threads = torch.get_num_threads()
    strict, benchmark = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(execution.threads)
    if deterministic != strict:
        torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.backends.cudnn.benchmark = not deterministic
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if deterministic != strict:
            torch.use_deterministic_algorithms(strict, warn_only=only_warns)
        torch.backends.cudnn.benchmark = benchmark
