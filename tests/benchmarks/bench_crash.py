"""A training that is killed again and again, and one whose server is: what is lost, and whether it shows.

python -m tests.benchmarks.bench_crash

Workers get SIGKILL at moments drawn from a seed, in every phase of their life, and are started again. What
they leave is held against a run that nobody disturbed, bit by bit.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import Preprocessing
from core.data.splitting import current_split
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.records import to_json
from core.runs.launcher import CALM_THREADS, PROJECT, launch
from core.runs.store import Run, RunState, create_run
from core.training.checkpoint import CheckpointFolder
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.predictions import load_predictions
from core.workspace import Workspace, open_workspace

EPOCHS = 20
SEED = 0
SERVER_DEATHS = 10
PATIENCE = 300  # seconds
KEEP_EVERY = 0.3  # seconds between checkpoints within an epoch, so that kills meet them too


@dataclass(frozen=True)
class Phase:
    """`function` marks its beginning; the kill comes up to `seconds` after one of its first `calls`."""

    kills: int
    seconds: float
    function: str = ""
    calls: int = 1


PHASES = {
    "import": Phase(3, 2.5),
    "decoding": Phase(3, 0.3, "core.data.pixel_cache:_build"),
    "training": Phase(5, 0.05, "core.training.step:Learner.step", 60),
    "checkpoint": Phase(4, 0.02, "core.training.checkpoint:CheckpointFolder.save_last", 4),
    "validation": Phase(3, 0.2, "core.training.loop:evaluate", 2),
    "final predictions": Phase(2, 0.2, "core.training.cnn_run:_save_best_predictions"),
}
WORKER = """
import importlib, sys
from pathlib import Path
folder, mark, function, call, keep_every = sys.argv[1:]
if function:
    from core.training import cnn_run, loop
    loop.KEEP_EVERY, loop.KEEPING_SHARE = float(keep_every), 1.0
    module, _, name = function.partition(":")
    owner = importlib.import_module(module)
    *owners, name = name.split(".")
    for each in owners:
        owner = getattr(owner, each)
    plain, calls = getattr(owner, name), []
    def marked(*arguments, **named):
        calls.append(1)
        if len(calls) == int(call):
            Path(mark).touch()
        return plain(*arguments, **named)
    setattr(owner, name, marked)
else:
    Path(mark).touch()
from core.runs.store import Run
from core.runs.worker import work
sys.exit(work(Run(Path(folder))))
"""
SERVER = """
import contextlib, sys, time
from pathlib import Path
from core.errors import RunError
from core.runs.launcher import launch
from core.runs.store import Run, RunState
run = Run(Path(sys.argv[1]))
with contextlib.suppress(RunError):
    if run.status().state is not RunState.FINISHED:
        launch(run)
while True:
    run.status(), run.metrics()
    time.sleep(0.05)
"""


@dataclass
class Crashes:
    """What became of a run whose workers were killed."""

    kills: dict[str, int] = field(default_factory=dict)
    resumed: int = 0  # times that the next worker came as far as it should
    seconds: float = 0.0  # of all sittings together


def digits_run(workspace: Workspace, epochs: int = EPOCHS) -> CnnRunConfig:
    """The app's default network on the sample digits."""
    preset = PRESETS[DEFAULT_PRESET]
    digits = import_dataset(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
    return CnnRunConfig(
        "Disturbed",
        digits.id,
        current_split(digits).id,
        digits.classes,
        Preprocessing.of(preset.size, preset.color),
        preset.config,
        TrainingConfig(epochs=epochs),
    )


def new_run(workspace: Workspace, config: CnnRunConfig) -> Run:
    return create_run(workspace.runs, to_json(config), config.name)


def seconds_to_the_end(run: Run) -> float:
    """Launch `run` and wait for its end."""
    begun = time.perf_counter()
    launch(run)
    while run.status().state.is_active:
        time.sleep(0.02)
    if run.status().state is not RunState.FINISHED:
        raise RuntimeError(f"{run.status()}\n{run.log()}")
    return time.perf_counter() - begun


def schedule(draws: random.Random) -> list[str]:
    """The phases to kill in: in any order, but for the final predictions, after which nothing is left."""
    phases = [name for name, phase in PHASES.items() for _ in range(phase.kills)]
    draws.shuffle(phases)
    return sorted(phases, key=lambda name: name == "final predictions")


def kill_again_and_again(workspace: Workspace, run: Run, phases: list[str], draws: random.Random) -> Crashes:
    """Kill the worker of `run` once in each of `phases`; then let it end."""
    crashes = Crashes()
    for name in phases:
        begun = time.perf_counter()
        if name == "decoding":  # only what isn't in the cache is decoded
            for cache in (workspace.caches / "pixels").glob("*.u8"):
                cache.unlink()
        if not killed_in(run, PHASES[name], draws):
            raise RuntimeError(f"the run was over before its {name} could be disturbed\n{run.log()}")
        crashes.seconds += time.perf_counter() - begun
        crashes.resumed += bool(crashes.kills)
        crashes.kills[name] = crashes.kills.get(name, 0) + 1
    crashes.seconds += seconds_to_the_end(run)
    crashes.resumed += bool(crashes.kills)
    return crashes


def killed_in(run: Run, phase: Phase, draws: random.Random) -> bool:
    """Start a worker and kill its process group in `phase`; False if it had ended by then."""
    mark, call = run.folder / ".mark", draws.randint(1, phase.calls)
    mark.unlink(missing_ok=True)
    with run.log_file.open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, run.folder, mark, phase.function, str(call), str(KEEP_EVERY)],
            cwd=PROJECT,
            env={**CALM_THREADS, **os.environ},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: mark.exists() or worker.poll() is not None)
        time.sleep(draws.uniform(0, phase.seconds))
        return worker.poll() is None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def kill_the_server(run: Run, deaths: int, draws: random.Random, *, seconds: float = 1.5) -> set[int]:
    """Let processes launch and watch `run`, and kill each within `seconds`; the PIDs of its workers."""
    pids: set[int] = set()
    for _ in range(deaths):
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, run.folder], cwd=PROJECT, start_new_session=True
        )
        until(lambda: (run.folder / "launch.json").exists())
        time.sleep(draws.uniform(0, seconds))
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        pids |= {run.status().pid or 0}
    until(lambda: not run.status().state.is_active)
    return (pids | {run.status().pid or 0}) - {0}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.001)


def same_results(one: Run, other: Run) -> bool:
    """Equal weights, last and best, equal optimizers, and equal predictions: every bit."""
    ends = [CheckpointFolder(run.folder).load_last() or {} for run in (one, other)]
    bests = [CheckpointFolder(run.folder).load_best() for run in (one, other)]
    predictions = [load_predictions(run.folder, part) for part in ("valid", "test") for run in (one, other)]
    return (
        same(ends[0]["model"], ends[1]["model"])
        and same(ends[0]["optimizer"], ends[1]["optimizer"])
        and same(*bests)
        and all(
            a is not None and b is not None and (a.probabilities == b.probabilities).all()
            for a, b in zip(predictions[::2], predictions[1::2], strict=True)
        )
    )


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if torch.is_tensor(one) else one == other


def every_epoch_once(run: Run, epochs: int) -> bool:
    return [record["epoch"] for record in run.metrics()] == list(range(1, epochs + 1))


def main() -> None:
    draws = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder))
        config = digits_run(workspace)
        seconds_to_the_end(new_run(workspace, replace(config, training=TrainingConfig(epochs=1))))  # warms up
        undisturbed = new_run(workspace, config)
        seconds = seconds_to_the_end(undisturbed)
        killed = new_run(workspace, config)
        crashes = kill_again_and_again(workspace, killed, schedule(draws), draws)
        abandoned = new_run(workspace, config)
        workers = kill_the_server(abandoned, SERVER_DEATHS, draws)
        kills = sum(crashes.kills.values())
        words = ", ".join(f"{number} in {name}" for name, number in crashes.kills.items())
        print("| killed | times | went on | equal, bit for bit | each epoch once | seconds lost a kill |")
        print("|---|---|---|---|---|---|")
        print(
            f"| the worker | {kills} | {crashes.resumed} | {verdict(killed, undisturbed)} "
            f"| {(crashes.seconds - seconds) / kills:.1f} |"
        )
        print(
            f"| the server | {SERVER_DEATHS} | {len(workers)} worker for all "
            f"| {verdict(abandoned, undisturbed)} | 0 |"
        )
        print(f"\nThe worker: {words}. The undisturbed run: {EPOCHS} epochs in {seconds:.1f} s.")


def verdict(run: Run, undisturbed: Run) -> str:
    facts = (same_results(run, undisturbed), every_epoch_once(run, EPOCHS))
    return " | ".join("yes" if fact else "NO" for fact in facts)


if __name__ == "__main__":
    main()
