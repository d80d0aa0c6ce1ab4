"""Fine-tuning a frozen DenseNet-121, beside a lecture's loop, which runs the whole network in every epoch.

    python -m tests.benchmarks.bench_fine_tune [--epochs 2] [--pictures 200]

The lecture's side reads an ImageFolder in float32 with batches of 32; the weights before the head have no
gradients. The backbone is untrained, which costs the same; both begin with the same one. Ours begins with
nothing on the disk but the imported data set: it decodes, and runs the frozen part; "first" also measures in
which numbers this machine is fastest, "again" finds all that the frozen part made. With `--epochs`
the lecture's side makes only so many, and its time is extrapolated to all ten; its accuracy is then theirs.
Seconds of the cores don't count what else runs on the machine.
"""

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.splitting import current_split
from core.models.backbones import load_backbone, preprocessing_of
from core.models.saved_model import HeadConfig
from core.training.config import TrainingConfig
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.fine_tune_run import train_fine_tuned
from core.training.history import Hooks
from core.workspace import Workspace, open_workspace
from tests.benchmarks.pictures import DIGITS, write_small_pngs
from tests.benchmarks.rivals.lecture import trainer

BACKBONE, SEED, EPOCHS, BATCH = "densenet121", 0, 10, 32
HIDDEN, RATE = 500, 1e-3
CASES = {
    "head only": (Trains.HEAD, ("classifier",)),
    "last dense block": (Trains.BLOCKS, ("denseblock4", "norm5")),
}


@dataclass(frozen=True)
class Side:
    """Seconds of all epochs, by the clock and of the cores; validation accuracy (0 to 1) after `epochs`."""

    seconds: float
    processor: float
    accuracy: float
    epochs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the lecture's side")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--only", choices=list(CASES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write_small_pngs(root / "pictures", options.pictures, seed=SEED)
        workspace = open_workspace(root / "home")
        dataset = import_dataset(
            workspace, ImportConfig("Pictures", SourceKind.FOLDER, str(root / "pictures"))
        )
        print(
            "| DenseNet-121, 10 epochs | first, s | s | lecture, s | ratio | of cores | again, s | accuracy |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for name, (trains, trained) in CASES.items():
            if options.only in (None, name):
                first = fine_tuned(workspace, dataset, trains, root / f"{trains}-first")
                for cache in ("frozen", "pixels"):
                    shutil.rmtree(workspace.caches / cache)
                ours = fine_tuned(workspace, dataset, trains, root / f"{trains}-new-pictures")
                again = fine_tuned(workspace, dataset, trains, root / f"{trains}-again")
                theirs = lecture(root / "pictures", trained, options.epochs)
                print(_line(name, first, ours, again, theirs), flush=True)


def _line(name: str, first: Side, ours: Side, again: Side, theirs: Side) -> str:
    note = "" if theirs.epochs == EPOCHS else f" (of {theirs.epochs} epochs, extrapolated)"
    ratio, processor = theirs.seconds / ours.seconds, theirs.processor / ours.processor
    return (
        f"| {name} | {first.seconds:.1f} | {ours.seconds:.1f} | {theirs.seconds:.1f}{note} | {ratio:.1f} "
        f"| {processor:.1f} | {again.seconds:.2f} "
        f"| {ours.accuracy:.1%}, lecture {theirs.accuracy:.1%} after {theirs.epochs} |"
    )


def fine_tuned(workspace: Workspace, dataset: Dataset, trains: Trains, folder: Path) -> Side:
    """A run as the app makes it, in this process."""
    folder.mkdir()
    config = FineTuneConfig(
        "Benchmark",
        dataset.id,
        current_split(dataset).id,
        dataset.classes,
        BACKBONE,
        f"random-{SEED}",
        HeadConfig((HIDDEN,)),
        trains=trains,
        backbone_rate=RATE,
        training=TrainingConfig(EPOCHS, BATCH, learning_rate=RATE, seed=SEED),
    )
    told: list[tuple[float, str]] = []
    begun, used = clocks()

    def tell(done: int, total: int, what: str) -> None:
        if not told or told[-1][1] != what:
            told.append((time.perf_counter() - begun, what))

    hooks = replace(Hooks(), on_epoch=lambda record: tell(0, 0, f"epoch {record.epoch}"))
    result = train_fine_tuned(workspace, config, folder, hooks=hooks, on_progress=tell)
    seconds, processor = time.perf_counter() - begun, time.process_time() - used
    print("\n".join(f"    {at:6.2f} s {what}" for at, what in told), flush=True)
    return Side(seconds, processor, result.outcome.history[-1].valid_accuracy, EPOCHS)


def lecture(folder: Path, trained: tuple[str, ...], epochs: int) -> Side:
    """The lecture's trainer on its ImageFolder."""
    receives = preprocessing_of(BACKBONE)
    transform = transforms.Compose(
        [
            transforms.Resize(receives.resize),
            transforms.CenterCrop(receives.crop),
            transforms.ToTensor(),
            transforms.Normalize(receives.mean, receives.std),
        ]
    )
    loaders = [
        DataLoader(ImageFolder(str(folder / part), transform), BATCH, shuffle=part == "train")
        for part in ("train", "valid")
    ]
    begun = clocks()
    model = load_backbone(open_workspace(folder.parent / "home"), BACKBONE, seed=SEED).model
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(part in name for part in trained)
    torch.manual_seed(SEED)
    model.classifier = nn.Sequential(nn.Linear(1024, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, DIGITS))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    learning = clocks()
    results = trainer(
        model, nn.CrossEntropyLoss(), optimizer, *loaders, device=torch.device("cpu"), epochs=epochs
    )
    seconds, processor = (
        start - before + (end - start) * EPOCHS / epochs
        for before, start, end in zip(begun, learning, clocks(), strict=True)
    )
    return Side(seconds, processor, results["valid_accuracy"][-1], epochs)


def clocks() -> tuple[float, float]:
    """Seconds by the clock, and of the processor's cores."""
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
