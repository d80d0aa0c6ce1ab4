"""10,000 small pictures against 100,000: memory of the training process, and the cost of a picture.

python -m tests.benchmarks.bench_many [--counts 10000 100000]
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import current_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, RunState, create_run
from core.training.config import CnnRunConfig, TrainingConfig
from core.workspace import Workspace, open_workspace
from tests.benchmarks.bench_import import write_small_pngs

EPOCHS, BATCH, SIDE = 3, 64, 32


def train(workspace: Workspace, dataset: Dataset) -> tuple[Run, float]:
    """A finished run on `dataset`, and its seconds from the launch to its end."""
    config = CnnRunConfig(
        "Many",
        dataset.id,
        current_split(dataset).id,
        dataset.classes,
        Preprocessing.of((SIDE, SIDE), ColorMode.RGB),
        CnnConfig((ConvBlock(16), ConvBlock(32))),
        TrainingConfig(EPOCHS, BATCH),
    )
    begun = time.perf_counter()
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    while run.status().state.is_active:
        time.sleep(0.1)
    if run.status().state is not RunState.FINISHED:
        raise RuntimeError(run.log())
    return run, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    print("| pictures | import, s | run, s | peak memory, MB | epoch, µs a picture | all, µs a picture |")
    print("|---|---|---|---|---|---|")
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_small_pngs(root / "pictures", count)
            workspace = open_workspace(root / "home")
            begun = time.perf_counter()
            config = ImportConfig("Many", SourceKind.FOLDER, str(root / "pictures"))
            dataset = import_dataset(workspace, config)
            importing = time.perf_counter() - begun
            run, seconds = train(workspace, dataset)
            records = run.metrics()
            epoch = float(np.median([record["seconds"] for record in records])) / count
            memory = max(record["memory"] for record in records) / 1e6
            whole = (importing + seconds) / count
            print(
                f"| {count:,} | {importing:.1f} | {seconds:.1f} | {memory:,.0f} | {1e6 * epoch:.0f} "
                f"| {1e6 * whole:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
