"""What runs were said to take before they started, against what they took.

python -m tests.benchmarks.bench_estimates


Sample digits at several sizes and batches. Memory is told twice: computed from the network, and measured by
a trial of ten batches.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import current_split
from core.models.cnn_config import Activation, CnnConfig, ConvBlock, Head, HiddenLayer, Pool
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.records import to_json
from core.runs.launcher import launch
from core.runs.store import Run, create_run
from core.runs.trials import start_trial
from core.training.config import CnnRunConfig, TrainingConfig
from core.training.estimate import Estimate, estimate_run
from core.workspace import Workspace, open_workspace

TWO = CnnConfig((ConvBlock(16), ConvBlock(32)))
WIDE = CnnConfig(
    (ConvBlock(64, batch_norm=True), ConvBlock(128, batch_norm=True), ConvBlock(256, batch_norm=True)),
    hidden=(HiddenLayer(256),),
)
DEEP = CnnConfig(
    tuple(
        ConvBlock(24, activation=Activation.GELU, pool=Pool.MAX if number % 3 == 2 else Pool.NONE)
        for number in range(6)
    ),
    Head.GLOBAL_AVERAGE,
)


@dataclass(frozen=True)
class Case:
    name: str
    network: CnnConfig
    side: int
    batch: int


CASES = (
    Case("two convolutions", TWO, 128, 32),
    Case("two convolutions", TWO, 128, 128),
    Case("small VGG", PRESETS["small-vgg"].config, 32, 32),
    Case("small VGG", PRESETS["small-vgg"].config, 64, 256),
    Case("small ResNet", PRESETS["small-resnet"].config, 64, 64),
    Case("small ResNet", PRESETS["small-resnet"].config, 128, 64),
    Case("wide, 4.6 M parameters", WIDE, 64, 32),
    Case("the lecture's", PRESETS["lecture"].config, 100, 32),
    Case("six convolutions with GELU", DEEP, 96, 32),
    Case("wide, small batch", WIDE, 64, 4),
)


def finished(run: Run) -> Run:
    while run.status().state.is_active:
        time.sleep(0.05)
    return run


def folder_bytes(run: Run) -> int:
    return sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())


def measure(workspace: Workspace, dataset: Dataset, case: Case) -> None:
    split = current_split(dataset)
    config = CnnRunConfig(
        case.name,
        dataset.id,
        split.id,
        dataset.classes,
        Preprocessing.of((case.side, case.side), ColorMode.RGB),
        case.network,
        TrainingConfig(2, case.batch),
    )
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)

    def told() -> Estimate:
        return estimate_run(workspace, config, network, dataset, split, "cpu")

    computed = told()
    finished(start_trial(workspace, config))
    measured = told()
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    records = finished(run).metrics()
    memory, epoch = records[-1]["memory"], records[-1]["seconds"]
    disk = folder_bytes(run) + computed.cache
    assert computed.memory is not None
    assert measured.memory is not None
    assert measured.epoch_seconds is not None
    print(
        f"| {case.name}, {case.side} px, {case.batch} | {memory / 1e6:,.0f} "
        f"| {computed.memory / memory:.2f} | {measured.memory / memory:.2f} "
        f"| {disk / 1e6:,.1f} | {computed.disk / disk:.2f} "
        f"| {epoch:.2f} | {measured.epoch_seconds / epoch:.2f} |",
        flush=True,
    )


def main() -> None:
    print(
        "| network, side, batch | peak memory, MB | computed | trial | disk, MB | told | epoch, s | trial |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder))
        digits = import_dataset(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
        for case in CASES:
            measure(workspace, digits, case)


if __name__ == "__main__":
    main()
