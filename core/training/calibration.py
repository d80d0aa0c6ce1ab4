"""Which numbers and which layout a network learns fastest in on this machine: measured once, then stored.

A processor may compute in bfloat16 at twice the speed of float32, or only emulate it at a tenth; a small
network may not repay the conversion. So each candidate makes a few steps on a copy of the network itself.
"""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from core.faults import is_out_of_memory
from core.layers.shapes import Shape
from core.records import to_json
from core.training.batches import Batch
from core.training.config import Precision, TrainingConfig
from core.training.execution import Execution
from core.training.kernels import kernels_of, laid_out, layout
from core.training.measured import Calibration, load_calibration
from core.training.objective import Objective
from core.training.optimization import make_optimizer
from core.training.step import Learner, new_sums
from core.training.stopwatch import Stopwatch
from core.training.together import apart
from core.workspace import write_json

STEPS = 2  # timed ones at least, after one that warms up
LONG_ENOUGH = 0.06  # seconds of timed steps: short ones vary, and the least of many is theirs
LONG_STEP = 1.0  # seconds: of steps this long, one is enough
HOPELESS = 3.0  # times the best so far: not worth timing
SAMPLE = 32  # pictures at most, and half of what a training takes: so it needs no more memory than that
FAR_AHEAD = 0.85  # of float32's time: channels first needed 0.91 to 2 of it (tests/benchmarks/README.md)
WORTH = 0.9  # bfloat16 has fewer digits: it must need less than this share of float32's time

StepTime = Callable[[Execution, float], float]  # gets the best seconds so far


def calibrate(
    model: nn.Module,
    shape: Shape,
    objective: Objective,
    training: TrainingConfig,
    device: torch.device,
    *,
    piece: int,
    stored: Path,
) -> Calibration:
    """The fastest execution of `model` for `piece` pictures at once, as `stored`, or measured and stored now.

    It is measured on fewer pictures, on half as many again until they fit into the memory.
    """
    if (known := load_calibration(stored)) is not None:
        execution = replace(known.execution, device=str(device), piece=piece)
        return replace(known, execution=replace(execution, threads=torch.get_num_threads()))
    sample = max(2, min(SAMPLE, piece // 2))  # batch norm can't learn from one picture of one pixel
    while True:
        plain = Execution(str(device), Precision.FLOAT32, True, torch.get_num_threads(), sample)
        try:
            with torch.random.fork_rng(), apart():
                found = fastest(
                    candidates(plain, training),
                    lambda execution, best: step_seconds(
                        model, shape, objective, training, execution, best=best
                    ),
                )
            break
        except RuntimeError as error:
            if sample == 1 or not is_out_of_memory(error):
                raise
        sample = -(-sample // 2)
    calibration = replace(found, execution=replace(found.execution, piece=piece))
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_json(stored, to_json(calibration))
    return calibration


def candidates(plain: Execution, training: TrainingConfig) -> list[Execution]:
    """What may be fastest, float32 first; the user's choice of precision is kept."""
    layouts = [plain, replace(plain, channels_last=False)]
    chosen = [replace(each, precision=Precision.BFLOAT16) for each in layouts[:1]]
    if training.precision is Precision.FLOAT32:
        chosen = layouts
    elif training.precision is Precision.AUTO:
        chosen = [layouts[0], *chosen, layouts[1]]
    if training.compiled and torch.device(plain.device).type == "cuda":
        chosen += [replace(each, compiled=True) for each in chosen if each.channels_last]
    return chosen


def fastest(executions: list[Execution], seconds_of: StepTime) -> Calibration:
    """The one that takes the least; bfloat16 only where it is worth it, compiled only where that works.

    Where bfloat16 is far ahead, no other layout in float32 is tried.
    """
    took: dict[Execution, float] = {}
    for execution in executions:
        if execution.precision is Precision.FLOAT32 and _is_far_ahead(took):
            continue
        try:
            took[execution] = seconds_of(execution, min(took.values(), default=math.inf))
        except Exception as error:  # compilers fail in many ways, and a run doesn't need one
            if not execution.compiled:
                raise
            print(f"The network can't be compiled here: {type(error).__name__}: {error}"[:500], flush=True)
    handicap = {Precision.BFLOAT16: 1 / WORTH}
    best = min(took, key=lambda execution: took[execution] * handicap.get(execution.precision, 1))
    milliseconds = {execution.words: 1000 * seconds for execution, seconds in took.items()}
    return Calibration(best, milliseconds, best.piece)


def _is_far_ahead(took: dict[Execution, float]) -> bool:
    """Whether bfloat16 takes less than another layout has ever made of float32's time."""
    plain, brain = (
        min((took[each] for each in took if each.precision is precision), default=math.inf)
        for precision in (Precision.FLOAT32, Precision.BFLOAT16)
    )
    return brain < FAR_AHEAD * plain < math.inf


def step_seconds(
    model: nn.Module,
    shape: Shape,
    objective: Objective,
    training: TrainingConfig,
    execution: Execution,
    *,
    best: float = math.inf,
) -> float:
    """The least seconds of a learning step of a copy of `model` on noise of `shape`.

    One step is enough where it takes long, or so much longer than `best` that no other could catch up.
    """
    device = torch.device(execution.device)
    network = copy.deepcopy(model).to(device).to(memory_format=layout(execution)).train()
    learner = Learner(network, make_optimizer(network.parameters(), training), objective, training, execution)
    pictures = laid_out(torch.rand(execution.piece, *shape, device=device), execution)
    batch = Batch(pictures, torch.zeros(execution.piece, dtype=torch.int64, device=device))
    sums, watch = new_sums(device), Stopwatch(device)

    def timed_step() -> float:
        begun = time.perf_counter()
        learner.step(batch, sums, watch)
        float(sums[0])  # waits for the device
        return time.perf_counter() - begun

    with kernels_of(execution, deterministic=training.deterministic):
        warm = timed_step()
        if warm > max(LONG_STEP, HOPELESS * best):
            return warm
        if warm > LONG_STEP:
            return timed_step()
        times = [timed_step() for _ in range(STEPS)]
        while sum(times) < LONG_ENOUGH:
            times.append(timed_step())
        return min(times)
