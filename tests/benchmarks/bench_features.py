"""Features of pictures, beside the lecture's `get_features`: both on DenseNet-121, 200 pictures.

    python -m tests.benchmarks.bench_features [--memory]

Weights are untrained: they cost the same. "Cold" finds nothing on the disk, but knows in which numbers this
backbone is fastest here, "first ever" measures that too; "warm" finds all. Everything is from the pictures'
files to the features; seconds of the processor are those of all cores. `--memory` instead tells what 100,000
pictures take.
"""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader
from torchvision import models, transforms
from torchvision.datasets import ImageFolder

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.training.allocator import keep_freed_memory
from core.workspace import Workspace, open_workspace
from tests.benchmarks.pictures import write_photos

NAME, PICTURES, ROUNDS = "densenet121", 200, 2
SIZES = ((320, 240), (1600, 1200))  # pixels
MANY, FEATURES, CLASSES = 100_000, 1024, 10
LOOK = 0.02  # seconds


def main() -> None:
    if "--memory" in sys.argv:
        memory()
        return
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_photos(root / "pictures", PICTURES, size)
            workspace = open_workspace(root / "home")
            config = ImportConfig("Photos", SourceKind.FOLDER, str(root / "pictures"))
            compare(workspace, import_dataset(workspace, config), root / "pictures", size)


def compare(workspace: Workspace, dataset: Dataset, folder: Path, size: tuple[int, int]) -> None:
    from core.embeddings.extraction import open_extractor

    extractor = open_extractor(workspace, NAME, seed=0)
    lecture_model = models.densenet121(weights=None)
    lecture_model.classifier = nn.Identity()
    lecture_model.load_state_dict(extractor.model.state_dict())
    lecture_model.eval()
    sides = [ImageFolder(str(folder / side), transform=as_lecture()) for side in ("train", "valid")]
    loader = DataLoader(ConcatDataset(sides), batch_size=32)
    plain, cold, warm = [], [], []
    for _ in range(ROUNDS):
        took, (z, _y) = timed(lambda: get_features(lecture_model, loader))
        plain.append(took)
    keep_freed_memory()  # as a worker does; the lecture does not, so it is measured before
    first = [timed(lambda: ours(workspace, dataset, extractor))[0]]
    for _ in range(ROUNDS):
        shutil.rmtree(workspace.caches / "features")
        cold.append(timed(lambda: ours(workspace, dataset, extractor))[0])
        took, found = timed(lambda: ours(workspace, dataset, extractor))
        warm.append(took)
    paths = [Path(path) for side in sides for path, _ in side.samples]
    row_of = {str(path.relative_to(folder)): row for path, row in zip(paths, z, strict=True)}
    expected = torch.stack([row_of[picture.name] for picture in dataset.pictures]).double()
    cosines = torch.cosine_similarity(torch.from_numpy(found).double(), expected)
    title = f"{NAME}, {PICTURES} JPEGs of {size[0]} x {size[1]}"
    print(f"\n| {title} | seconds | ratio | of the processor | ratio |\n|---|---|---|---|---|")
    base = least(plain)
    for name, times in {
        "the lecture's get_features": plain,
        "workbench, first ever": first,
        "workbench, cold": cold,
        "workbench, warm": warm,
    }.items():
        wall, processor = least(times)
        ratios = base[0] / wall, base[1] / processor
        print(f"| {name} | {wall:.3f} | {ratios[0]:.1f} | {processor:.3f} | {ratios[1]:.1f} |")
    print(f"\nCosine to the lecture's features: least {cosines.min():.6f}, mean {cosines.mean():.6f}.")


def ours(workspace: Workspace, dataset: Dataset, extractor) -> np.ndarray:
    from core.embeddings.extraction import extract

    rows = range(len(dataset.pictures))
    with extract(workspace, extractor, dataset, rows).store as store:
        return store.read([picture.key for picture in dataset.pictures])


def get_features(model: nn.Module, loader: DataLoader) -> tuple[torch.Tensor, torch.Tensor]:
    """As in the lecture: float32, in batches of 32, grown by `torch.cat`."""
    with torch.no_grad():
        z, labels = torch.empty((0, 1024)), torch.empty(0)
        for x, y in loader:
            z = torch.cat((z, model(x)), dim=0)
            labels = torch.cat((labels, y))
    return z, labels


def as_lecture() -> transforms.Compose:
    return transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )


def timed(work):
    """Seconds of the clock and of the processor, and what came out."""
    begun, busy = time.perf_counter(), time.process_time()
    result = work()
    return (time.perf_counter() - begun, time.process_time() - busy), result


def least(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Of several rounds, what other work disturbed least."""
    return min(wall for wall, _ in times), min(processor for _, processor in times)


def memory() -> None:
    """What 100,000 rows take when they are written, read, fitted and predicted, above the imports."""
    from core.embeddings.classifiers import fit
    from core.embeddings.matrices import matrices
    from core.embeddings.store import FeatureStore

    generator = np.random.default_rng(0)
    labels = np.arange(MANY) % CLASSES
    keys = [f"{number:064x}" for number in range(MANY)]
    print("| 100,000 pictures, 1,024 features | seconds | most MB of memory |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "features", "many.f32")

        def write() -> None:
            with FeatureStore(path, FEATURES) as store, store.alone():
                for start in range(0, MANY, 32):
                    rows = generator.normal(size=(len(keys[start : start + 32]), FEATURES))
                    rows[:, :CLASSES] += 2 * np.eye(CLASSES)[labels[start : start + 32]]
                    store.append(keys[start : start + 32], rows.astype(np.float32))

        watched("written", write)
        store = watched("opened", lambda: FeatureStore(path, FEATURES))
        with store, matrices(Path(folder)) as make:
            x = make(MANY, FEATURES)
            watched("read", lambda: store.read(keys, x))
            names = [str(label) for label in range(CLASSES)]
            model = watched("fitted, C set", lambda: fit(x, labels, names, c=1e-3, make=make))
            watched("predicted", lambda: model.probabilities(x))


START: list[int] = []


def watched(what: str, work):
    """What came out of `work`; prints its seconds, and the most memory above the first call's beginning."""
    START[:] = START or [anonymous()]
    most, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(LOOK):
            most[0] = max(most[0], anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    (seconds, _), result = timed(work)
    over.set()
    watcher.join()
    most[0] = max(most[0], anonymous())
    print(f"| {what} | {seconds:.1f} | {(most[0] - START[0]) / 1e6:,.0f} |", flush=True)
    return result


def anonymous() -> int:
    """Bytes of memory that no file can give back."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


if __name__ == "__main__":
    main()
