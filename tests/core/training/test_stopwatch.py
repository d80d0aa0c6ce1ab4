import time

import pytest
import torch

import core.training.stopwatch as stopwatch
from core.training.stopwatch import GPU_SAMPLE, Phase, Stopwatch

CPU = torch.device("cpu")


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stopwatch, "time", clock)
    return clock


def test_each_phase_gets_what_passed_since_the_last_look(clock: Clock) -> None:
    watch = Stopwatch(CPU)
    clock.now += 5  # before the first step: nobody's
    for step in range(2):
        watch.begin(step)
        for seconds, phase in ((1, Phase.DATA), (2, Phase.FORWARD), (3, Phase.BACKWARD), (4, Phase.UPDATE)):
            clock.now += seconds
            watch.lap(phase)
    clock.now += 7
    assert watch.timed(Phase.VALIDATION, lambda: setattr(clock, "now", clock.now + 8)) is None
    assert watch.seconds == {"data": 2, "forward": 4, "backward": 6, "update": 8, "validation": 8}
    assert watch.elapsed == 5 + 2 * 10 + 7 + 8


def test_an_epoch_goes_on_from_what_earlier_sittings_took(clock: Clock) -> None:
    watch = Stopwatch(CPU, before=50.0)
    clock.now += 1
    assert watch.elapsed == 51


def test_a_gpu_is_waited_for_now_and_then_and_that_step_stands_for_the_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: waits.append(1))
    watch = Stopwatch(torch.device("cuda"))
    for step in range(2 * GPU_SAMPLE):
        watch.begin(step)
        clock.now += 1
        watch.lap(Phase.FORWARD)
    assert len(waits) == 2 * 2
    assert watch.seconds["forward"] == 2 * GPU_SAMPLE
    watch.timed(Phase.VALIDATION, lambda: setattr(clock, "now", clock.now + 3))
    assert watch.seconds["validation"] == 3


def test_real_time_passes() -> None:
    watch = Stopwatch(CPU)
    watch.begin(0)
    time.sleep(0.02)
    watch.lap(Phase.DATA)
    assert 0.02 <= watch.seconds["data"] <= watch.elapsed
