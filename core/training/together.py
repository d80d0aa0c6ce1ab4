"""One training by several processes: each learns from its part of every batch, and all stay equal.

Each function is for a process in a group of `torch.distributed`, and changes nothing for one that is alone.
Gradients are added up here, and not by torch's `DistributedDataParallel`, which takes their mean: parts of a
batch may differ in size and in the weights of their classes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

from core.training.run_data import LabeledPictures

_is_apart = False


@contextmanager
def apart() -> Iterator[None]:
    """For work that each process does for itself."""
    global _is_apart
    before, _is_apart = _is_apart, True
    try:
        yield
    finally:
        _is_apart = before


def place() -> tuple[int, int]:
    """This process's number, from 0 on, and how many there are."""
    if _is_apart:
        return 0, 1
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def is_alone() -> bool:
    return place()[1] == 1


def is_first() -> bool:
    """Whether it is the process that answers for all."""
    return place()[0] == 0


def own_part(positions: Tensor) -> Tensor:
    """What this process learns from, of a batch of `positions` (B,); it may be empty."""
    number, processes = place()
    return positions.tensor_split(processes)[number]


def own_pictures(data: LabeledPictures) -> LabeledPictures:
    """Every so many-th of `data`, so that each is one process's."""
    number, processes = place()
    return data if processes == 1 else data.every(processes, start=number)


def add_up(values: Tensor) -> Tensor:
    """`values` themselves, of any shape, which become the sum of all processes'."""
    if not is_alone():
        distributed.all_reduce(values)
    return values


def any_of(*wishes: bool) -> list[bool]:
    """For each wish, whether some process has it; all get the same answer."""
    if is_alone():
        return list(wishes)
    counts = torch.tensor(wishes, dtype=torch.uint8)
    distributed.all_reduce(counts, distributed.ReduceOp.MAX)
    return counts.bool().tolist()


def add_gradients(parameters: list[nn.Parameter]) -> None:
    """Every gradient becomes the sum of all processes'; one that a process has none of counts as zeros."""
    if is_alone():
        return
    learning = [each for each in parameters if each.requires_grad]
    for each in learning:
        if each.grad is None:
            each.grad = torch.zeros_like(each)
    gradients = [each.grad for each in learning if each.grad is not None]
    added = add_up(torch.cat([gradient.flatten() for gradient in gradients]))
    for gradient, part in zip(gradients, added.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def average_statistics(model: nn.Module) -> None:
    """The running means and variances of batch norm become the mean of all processes'."""
    if is_alone():
        return
    for buffer in model.buffers():
        if buffer.is_floating_point():
            add_up(buffer).div_(place()[1])
