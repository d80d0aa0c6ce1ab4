"""A network that only computes, as it does so fastest: batch norm folded, and cores with their own pictures.

Cores that share a picture wait for each other after every layer, and where other work disturbs one of them,
the others wait with it. Cores with pictures of their own wait for each other once a batch.
"""

import copy
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, fx, nn

from core.data.receives import Receives
from core.models.folding import folded
from core.training.config import Precision

BATCH, LEAST = 32, 4  # pictures, the most of 224 x 224 pixels, and the least of larger ones
PART = 8  # pictures of a thread, at least: of fewer, the interpreter takes as long as the cores


def batch_for(receives: Receives) -> int:
    """How many pictures go through a network at once: of large ones fewer, for the same memory."""
    _, height, width = receives.shape
    return max(LEAST, min(BATCH, BATCH * 224**2 // (height * width)))


def prepared(model: nn.Module, precision: Precision) -> nn.Module:
    """A copy of `model` that only computes, in these numbers and channels last, with batch norm folded where
    torch.fx can trace it."""
    model = copy.deepcopy(model).eval().requires_grad_(False)
    try:
        model = folded(model if isinstance(model, fx.GraphModule) else fx.symbolic_trace(model))
    except Exception as obstacle:  # a path that depends on the values; the model works as it is
        print(f"This network can't be traced: {obstacle}"[:300], flush=True)
    if precision is Precision.BFLOAT16:
        model = model.bfloat16()
    return model.to(memory_format=torch.channels_last)


def outputs_of(model: nn.Module, pictures: Tensor) -> Tensor:
    """`model(pictures)` (B, ...), on a processor part by part in threads."""

    def outputs(part: Tensor) -> Tensor:
        with torch.inference_mode():
            return model(part)

    if pictures.device.type != "cpu":
        return outputs(pictures)
    threads = torch.get_num_threads()
    workers = max(1, min(threads, len(pictures) // PART))
    parts = pictures.split(-(-len(pictures) // workers))
    try:
        with ThreadPoolExecutor(workers, "parts", torch.set_num_threads, (threads // workers,)) as pool:
            return torch.cat(list(pool.map(outputs, parts)))
    finally:
        torch.set_num_threads(threads)  # what new threads begin with is one setting for all
