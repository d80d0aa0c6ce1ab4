"""Our side of the training benchmark: pictures brought in, and a CNN trained on them, as the app does it.

python -m tests.benchmarks.rivals.workbench FOLDER [--precision float32]
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import current_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.launcher import get_ready, launch
from core.runs.store import RunState, create_run
from core.training.config import CnnRunConfig, Precision, TrainingConfig
from core.workspace import open_workspace
from tests.benchmarks.rivals.command import read_options

TWO_CONVOLUTIONS = CnnConfig((ConvBlock(16), ConvBlock(32)))


def main() -> None:
    chosen = read_options(__doc__)
    get_ready()  # as the app's page does before anything is pressed
    workspace = open_workspace(Path(tempfile.mkdtemp()))  # whoever takes the time removes it afterwards
    dataset = import_dataset(workspace, ImportConfig("Pictures", SourceKind.FOLDER, str(chosen.folder)))
    config = CnnRunConfig(
        "Benchmark",
        dataset.id,
        current_split(dataset).id,
        dataset.classes,
        Preprocessing.of((chosen.side, chosen.side), ColorMode.RGB, mean=0.0, std=1.0),
        TWO_CONVOLUTIONS,
        TrainingConfig(chosen.epochs, chosen.batch, seed=chosen.seed, precision=Precision(chosen.precision)),
    )
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    while run.status().state.is_active:
        time.sleep(0.02)
    if run.status().state is not RunState.FINISHED:
        sys.exit(run.log())
    records = run.metrics()
    accuracies = [record["valid_accuracy"] for record in records]
    print(json.dumps({"accuracy": accuracies[-1], "best": max(accuracies)}))


if __name__ == "__main__":
    main()
