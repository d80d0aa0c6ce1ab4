"""Where the time of an epoch goes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import torch

Result = TypeVar("Result")

GPU_SAMPLE = (
    16  # a GPU works on its own: each 16th step is waited for at every lap, and stands for the others
)


class Phase(StrEnum):
    DATA = "data"
    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"
    VALIDATION = "validation"


@dataclass
class Stopwatch:
    """Seconds a phase of one epoch; `before` is what earlier sittings of the same epoch took in all."""

    device: torch.device
    before: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(map(str, Phase), 0.0))

    def __post_init__(self) -> None:
        self._started = self._lap = time.perf_counter()
        self._weight = 1

    @property
    def elapsed(self) -> float:
        """Seconds in this epoch, without those between two sittings."""
        return self.before + time.perf_counter() - self._started

    def begin(self, step: int) -> None:
        """A new step begins (counted from 0)."""
        if self.device.type == "cuda":
            self._weight = GPU_SAMPLE if step % GPU_SAMPLE == 0 else 0
        self._settle()
        self._lap = time.perf_counter()

    def lap(self, phase: Phase) -> None:
        """What was done since the last call was `phase`."""
        self._settle()
        now = time.perf_counter()
        self.seconds[phase] += (now - self._lap) * self._weight
        self._lap = now

    def timed(self, phase: Phase, work: Callable[[], Result]) -> Result:
        """The result of `work`, all of it `phase`."""
        self._weight = 1
        self._settle()
        self._lap = time.perf_counter()
        result = work()
        self.lap(phase)
        return result

    def _settle(self) -> None:
        if self.device.type == "cuda" and self._weight:
            torch.cuda.synchronize(self.device)
