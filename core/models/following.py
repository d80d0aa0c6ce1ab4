"""A pass through a torch module, followed from outside: its layers, and the operations between them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from core.models.registry_operations import FRESH, tensors_in
from core.models.registry_records import is_layer


@dataclass(frozen=True)
class Call:
    """A module at work, by its dotted name, and the `cost` before it."""

    name: str
    module: nn.Module
    args: tuple
    cost: int

    @property
    def is_layer(self) -> bool:
        return is_layer(self.module)


class Following(TorchFunctionMode):
    """Is told of every layer and operation right after it, before what comes later can change its output in
    place. `moment` counts them: the same one in every pass through a model, on real and on meta tensors.
    """

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0
        self.running: list[Call] = []
        self.operation = ""
        self._telling = False  # what is done with an output is no part of the pass

    def after_layer(self, call: Call, args: tuple, kwargs: dict, output: Any) -> None:
        """A module that has none in it was called."""

    def after_module(self, call: Call, output: Any) -> None:
        """Any module was called, also one that `after_layer` has told of."""

    def after_operation(self, args: tuple, kwargs: dict, output: Any, cost: int) -> None:
        """`self.operation` was called between the layers, by `self.running[-1]`."""

    def cost(self) -> int:
        """What is counted along the way, so far."""
        return 0

    @contextmanager
    def through(self, model: nn.Module) -> Iterator[None]:
        """Follow the pass that is made inside; afterwards the model has no hook more than before."""
        hooks = []
        try:
            for name, module in model.named_modules():
                hooks.append(module.register_forward_pre_hook(partial(self._enter, name)))
                hooks.append(module.register_forward_hook(self._leave, with_kwargs=True))
            with torch.no_grad(), self:
                yield
        finally:
            for hook in hooks:
                hook.remove()

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if self._telling or not self.running or self.running[-1].is_layer:
            return func(*args, **(kwargs or {}))
        self.operation, before = func.__name__, self.cost()
        output = func(*args, **(kwargs or {}))
        if tensors_in(output) and self.operation not in FRESH:
            self.moment += 1
            with self._aside():
                self.after_operation(args, kwargs or {}, output, self.cost() - before)
        return output

    def _enter(self, name: str, module: nn.Module, args: tuple) -> None:
        self.running.append(Call(name, module, args, self.cost()))

    def _leave(self, module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
        call = self.running.pop()
        with self._aside():
            if call.is_layer:
                self.moment += 1
                self.after_layer(call, args, kwargs, output)
            self.after_module(call, output)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        self._telling = True
        try:
            yield
        finally:
            self._telling = False
