"""What the layers of a network put out for pictures, each as it was at that moment.

A layer's output may be changed in place by what comes after it (`nn.ReLU(inplace=True)`, `out += x`), so
each one is copied before anything else runs.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.insight.stand_in import stand_in
from core.insight.subject import Subject
from core.models.channels import arrangements
from core.models.following import Call, Following
from core.models.registry_operations import tensors_in

BUDGET = 256_000_000  # bytes of outputs that one recording keeps


@dataclass(frozen=True)
class Recording:
    """`outputs` are those of rows of the subject's walk, (B, ...) as they were put out; of a layer that
    puts out several tensors, the first. Rows beyond the budget are missing. `logits` (B, K).
    """

    outputs: dict[int, Tensor]
    logits: Tensor


def record(
    subject: Subject, x: Tensor, rows: Collection[int] | None = None, *, budget: int = BUDGET
) -> Recording:
    """Outputs of `rows` of the walk, or of all of them in the order of computation up to `budget` bytes.

    `x` is float32 (B, C, H, W). One pass; the model is left as it was. A single row is always kept.
    """
    asked = range(len(subject.walk.rows)) if rows is None else rows
    room = math.inf if len(asked) == 1 else budget
    recorder = _Recorder({subject.walk.rows[row].moment: row for row in asked}, room)
    model = stand_in(subject.model)  # so that two browsers can look into one network at a time
    with recorder.through(model):
        logits = model(x)
    return Recording(recorder.outputs, logits)


class _Recorder(Following):
    def __init__(self, rows: dict[int | None, int], budget: float) -> None:
        super().__init__()
        self.outputs: dict[int, Tensor] = {}
        self._rows, self._room = rows, budget

    def after_layer(self, call: Call, args: tuple, kwargs: dict, output: Any) -> None:
        self._keep(output)

    def after_operation(self, args: tuple, kwargs: dict, output: Any, cost: int) -> None:
        self._keep(output)

    def _keep(self, output: Any) -> None:
        row = self._rows.get(self.moment)
        if row is None:
            return
        value = tensors_in(output)[0]
        if value.nbytes <= self._room:
            self._room -= value.nbytes
            self.outputs[row] = value.detach().clone(memory_format=torch.contiguous_format)


def maps_of(subject: Subject, recording: Recording, row: int) -> np.ndarray:
    """The maps (B, C, H, W) float32 that `row` put out, with the channels in front."""
    output = recording.outputs[row]
    if arrangements(subject.walk)[row].is_turned:
        output = output.movedim(-1, 1)
    return output.numpy()
