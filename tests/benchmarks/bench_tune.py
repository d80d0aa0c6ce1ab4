"""What Ax is worth beside chance, what its proposals cost, and what kills do to a study.

    python -m tests.benchmarks.bench_tune functions [SEEDS]   Branin: how near the known least value
    python -m tests.benchmarks.bench_tune digits [SEEDS]      a CNN on digits: the best validation loss
    python -m tests.benchmarks.bench_tune overhead [TRIALS]   seconds a proposal, on a mixed space
    python -m tests.benchmarks.bench_tune kills [KILLS]       a real study, killed at random and gone on with

The first three go through the same Study as the app does; only what a trial does is another: a function of
its values, or a training in this process.
"""

import argparse
import contextlib
import logging
import math
import os
import random
import signal
import statistics
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

from core.comparison.scores import Score
from core.runs.launcher import launch
from core.runs.store import RunState, is_active, list_runs
from core.training.cnn_run import train_cnn
from core.training.config import Precision
from core.training.divergence import LossNotFinite
from core.tuning.parameters import Choice, Range, Value
from core.tuning.search import search_of
from core.tuning.space import Space
from core.tuning.studies import start_study
from core.tuning.study import Study
from core.tuning.study_config import Method, StudyConfig
from core.tuning.trials import Trial, Trials, TrialState, load_trials
from core.workspace import Workspace, open_workspace
from tests.core.tuning.bases import RATE, Computed, cnn_base
from tests.digits import import_folder, small_run, write_digits

TRIALS = 20
BRANIN = Space((Range("brightness", 0.0, 1.0), Range("contrast", 0.0, 1.0)))
BRANIN_LEAST = 0.397887  # at (-pi, 12.275), (pi, 2.275) and (9.42478, 2.475)
MIXED = Space(
    (
        *RATE.parameters,
        Choice("optimizer", ("sgd", "adam", "adamw")),
        Range("momentum", 0.5, 0.99),
        Choice("filters", (4, 8, 16)),
        Range("dropout", 0.0, 0.6),
    )
)


def branin(values: dict[str, Value]) -> float:
    """Branin's function on its usual domain (Dixon & Szego 1978): three equal least values."""
    x, y = 15 * float(values["brightness"]) - 5, 15 * float(values["contrast"])
    bent = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bent**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def run_study(config: StudyConfig, runner: Computed) -> Trials:
    with tempfile.TemporaryDirectory() as folder:
        study = Study(config, Path(folder), search_of(config), runner)
        while study.step():
            pass
        return study.trials


def least(trials: Trials) -> float:
    return min(trial.score for trial in trials.scored if trial.score is not None)


def compare(config: StudyConfig, runner: Computed, seeds: int, name: str) -> None:
    best: dict[Method, list[float]] = {}
    for method in (Method.AX, Method.RANDOM):
        for seed in range(seeds):
            found = least(run_study(replace(config, method=method, seed=seed), replace(runner, seen={})))
            best.setdefault(method, []).append(found)
    for method, values in best.items():
        shown = " ".join(f"{value:.4f}" for value in values)
        print(f"{name}, {method}: median {statistics.median(values):.4f}   ({shown})", flush=True)
    wins = sum(ax < chance for ax, chance in zip(best[Method.AX], best[Method.RANDOM], strict=True))
    print(f"{name}: Ax is better with {wins} of {seeds} seeds", flush=True)


def functions(seeds: int) -> None:
    config = StudyConfig(
        "Branin", cnn_base(), BRANIN, objective=Score.LOG_LOSS, trials=TRIALS, worse_than=None
    )
    compare(config, Computed(branin), seeds, f"Branin (least value {BRANIN_LEAST}), {TRIALS} trials")


def imported(workspace: Workspace, folder: Path):
    write_digits(folder / "pictures", 500)
    return import_folder(workspace, folder / "pictures", "Digits")


def digits(seeds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "home")
        base = small_run(imported(workspace, Path(folder)), epochs=2, precision=Precision.FLOAT32)
        config = StudyConfig("Digits", base, MIXED, objective=Score.LOG_LOSS, trials=TRIALS, worse_than=None)

        def score(values: dict[str, Value]) -> float:
            with tempfile.TemporaryDirectory(dir=folder) as run, contextlib.suppress(LossNotFinite):
                best = train_cnn(workspace, MIXED.apply(base, values), Path(run)).best
                return math.inf if best is None else best.valid_loss
            return math.inf

        compare(config, Computed(score), seeds, f"500 digits, 2 epochs, validation loss, {TRIALS} trials")


def overhead(trials: int) -> None:
    for fast in (False, True):
        config = StudyConfig("Overhead", cnn_base(), MIXED, trials=trials, fast=fast, worse_than=None)

        class Timed(Computed):
            def look(self, trial: Trial):
                return replace(super().look(trial), picture_seconds=0.001 * int(trial.values["filters"]))

        runner = Timed(lambda values: 1 - abs(math.log10(float(values["learning_rate"])) + 3) / 4)
        begun = time.process_time()
        took = [trial.proposing for trial in run_study(config, runner).all][5:]
        each = (time.process_time() - begun) / trials
        print(
            f"{2 if fast else 1} objectives: {statistics.median(took):.2f} s a proposal of Ax "
            f"(at most {max(took):.2f}); all of the study {each:.2f} s of the processor a trial, which is "
            f"{each / 15:.1%} of 15 s",
            flush=True,
        )


def kills(many: int) -> None:
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "home")
        base = small_run(imported(workspace, Path(folder)), epochs=2)
        settings = {"method": Method.RANDOM, "trials": 6, "worse_than": None}
        study = start_study(workspace, StudyConfig("Kills", base, RATE, **settings))
        finished: dict[int, Trial] = {}
        killed = 0
        while True:
            if killed < many:
                time.sleep(chance.uniform(0.3, 6))
                if (pid := study.status().pid) is not None and is_active(study):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
                while is_active(study):
                    time.sleep(0.05)
            if not is_active(study):
                ended = [trial for trial in load_trials(study.folder).all if not trial.state.is_open]
                now = {trial.number: trial for trial in ended}
                assert all(now.get(number) == trial for number, trial in finished.items())
                finished = now
                if study.status().state is RunState.FINISHED:
                    break
                launch(study)
            time.sleep(0.2)
        trials = load_trials(study.folder).all
        runs = list_runs(workspace.runs)
        assert {run.id for run in runs} == {trial.run_id for trial in trials}, (runs, trials)
        assert len(runs) == len(trials) == 6
        assert all(trial.state is TrialState.FINISHED for trial in trials), trials
        assert all(run.log().count("Epoch 1:") == 1 for run in runs)
        print(f"{killed} kills: {len(trials)} trials finished, {len(runs)} runs, none twice")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["functions", "digits", "overhead", "kills"])
    parser.add_argument("many", type=int, nargs="?")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    work = {
        "functions": (functions, 5),
        "digits": (digits, 5),
        "overhead": (overhead, 15),
        "kills": (kills, 10),
    }
    function, usual = work[asked.what]
    function(asked.many or usual)


if __name__ == "__main__":
    main()
