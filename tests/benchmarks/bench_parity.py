"""Does an export say what the app says? python -m tests.benchmarks.bench_parity [PICTURES].

Each kind of model is trained for a moment on cuttings of two photographs, and exported as the Export page
does it; the export's own scripts then predict other cuttings, made odd (sizes, modes, formats, EXIF turns),
in processes of their own.
"""

import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_image

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.models.cnn_config import CnnConfig, ConvBlock, Head
from core.models.saved_model import HeadConfig
from core.models.weights import LITE0
from core.records import to_json
from core.runs.store import Run, create_run
from core.runs.worker import work
from core.serving.export.exporting import export_run
from core.training.config import Loss
from core.workspace import Workspace, open_workspace
from tests.core.embeddings.runs import features_config
from tests.digits import import_folder, small_run
from tests.fine_tuning import small_fine_tuning
from tests.odd_pictures import odd_pictures

RESIDUAL = CnnConfig((ConvBlock(8, batch_norm=True), ConvBlock(12, residual=True)), Head.GLOBAL_AVERAGE)
UNTRAINED = "random-0"
PHOTOS = {"china.jpg": "palace", "flower.jpg": "flower"}
CUTTINGS = 40  # of each


def kinds(four: Dataset, two: Dataset) -> dict[str, object]:
    """The settings of a run of each kind."""
    cnn, single = small_run(four, epochs=1), small_run(two, epochs=1, loss=Loss.SINGLE_LOGIT)
    padded = Preprocessing.of((40, 56), ColorMode.GREY, resize=Resize.PAD)
    cut = Preprocessing.of((64, 48), ColorMode.RGB, mean=0.4, std=0.3, resize=Resize.CROP)
    hidden = HeadConfig((16,), 0.2)
    return {
        "CNN, grey, stretched": cnn,
        "CNN with skips, colour, cut": replace(cnn, cnn=RESIDUAL, preprocessing=cut),
        "CNN, single logit, padded": replace(single, preprocessing=padded),
        "EfficientNet-Lite0, fine-tuned": small_fine_tuning(four, epochs=1, head=hidden),
        "EfficientNet-Lite0, single logit": small_fine_tuning(two, epochs=1, loss=Loss.SINGLE_LOGIT),
        "DenseNet-121 (untrained), fine-tuned": small_fine_tuning(
            four, "densenet121", epochs=1, weights=UNTRAINED
        ),
        "EfficientNet-Lite0, features": features_config(four, backbone=LITE0, weights="trained"),
        "EfficientNet-Lite0, features, two classes": features_config(two, backbone=LITE0, weights="trained"),
        "ResNet-18 (untrained), features": features_config(four, backbone="resnet18"),
    }


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        workspace = open_workspace(root / "home")
        write_cuttings(root / "pictures")
        two = import_folder(workspace, root / "pictures" / "two", "Two classes")
        four = import_folder(workspace, root / "pictures" / "four", "Four classes")
        odd = write_odd_pictures(root / "odd", count)
        lines = [
            f"| {count} odd pictures | form | greatest difference | labels changed | zip, MB | seconds |",
            "|---|---|---|---|---|---|",
        ]
        for kind, config in kinds(four, two).items():
            lines += lines_of(workspace, kind, trained(workspace, config), odd)
    print(*lines, sep="\n")


def write_cuttings(folder: Path) -> None:
    """Cuttings of the two photographs: by photograph, and by its left or right half."""
    draw = random.Random(0)
    for name, label in PHOTOS.items():
        photo = Image.fromarray(load_sample_image(name))
        for number in range(CUTTINGS):
            side, half = draw.randint(60, 200), number % 2
            left = draw.randint(half * photo.width // 2, (1 + half) * photo.width // 2 - side)
            top = draw.randint(0, photo.height - side)
            cut = photo.crop((left, top, left + side, top + side))
            for path in (folder / "two" / label, folder / "four" / f"{label} {half}"):
                path.mkdir(parents=True, exist_ok=True)
                cut.save(path / f"{number}.png")


def write_odd_pictures(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    paths = []
    for number, (_, content) in enumerate(odd_pictures(count)):
        paths.append(folder / str(number))
        paths[-1].write_bytes(content)
    return paths


def trained(workspace: Workspace, config: object) -> Run:
    run = create_run(workspace.runs, to_json(config), "parity")
    if work(run) != 0:
        raise RuntimeError(str(run.status()))
    return run


def lines_of(workspace: Workspace, kind: str, run: Run, pictures: list[Path]) -> list[str]:
    """A line a form that predicts."""
    begun = time.perf_counter()
    report = export_run(workspace, run, pictures, "test")
    seconds = time.perf_counter() - begun
    return [
        f"| {kind} | {form.file} | {form.difference:.1e} | {form.changed} | {report.size / 1e6:.1f} "
        f"| {seconds:.0f} |"
        for form in report.forms
        if form.script
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
