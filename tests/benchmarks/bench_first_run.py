"""Sample digits, the default CNN, 5 epochs: seconds from the click to the finished run, and how good it is.

python -m tests.benchmarks.bench_first_run

In a new interpreter, and forked from a process that has loaded PyTorch, as the pages that train have ready.
"""

import tempfile
import time
from pathlib import Path

from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import Preprocessing
from core.data.splitting import current_split
from core.models.presets import DEFAULT_PRESET, PRESETS
from core.records import to_json
from core.runs.launcher import get_ready, launch
from core.runs.store import create_run
from core.training.config import CnnRunConfig, TrainingConfig
from core.workspace import Workspace, open_workspace

SEEDS = (0, 1, 2)
LOADING = 5.0  # seconds


def main() -> None:
    print("| the worker | seed | seconds, click to finished | validation accuracy | test accuracy |")
    print("|---|---|---|---|---|")
    for worker in ("a new interpreter", "forked"):
        if worker == "forked":
            get_ready()
            time.sleep(LOADING)
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                seconds, result = one_run(open_workspace(Path(folder)), seed)
            print(
                f"| {worker} | {seed} | {seconds:.1f} | {result['best_accuracy']:.1%} "
                f"| {result['test_accuracy']:.1%} |",
                flush=True,
            )


def one_run(workspace: Workspace, seed: int) -> tuple[float, dict]:
    preset = PRESETS[DEFAULT_PRESET]
    digits = import_dataset(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
    config = CnnRunConfig(
        "First run",
        digits.id,
        current_split(digits).id,
        digits.classes,
        Preprocessing.of(preset.size, preset.color),
        preset.config,
        TrainingConfig(epochs=5, seed=seed),
    )
    clicked = time.perf_counter()
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    while run.status().state.is_active:
        time.sleep(0.05)
    return time.perf_counter() - clicked, run.status().result


if __name__ == "__main__":
    main()
