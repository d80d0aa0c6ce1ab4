"""Weights drawn at random from a seed of their own."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class DrawnFrom(TorchDispatchMode):
    """Inside, this thread's random numbers come from `seed`, as after `torch.manual_seed(seed)`.

    PyTorch's own generator is one for all threads: it is neither read nor moved, so a browser that draws
    weights does not disturb another one that does so at the same time.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs = kwargs | {"generator": self._generator}
        return func(*args, **kwargs)
