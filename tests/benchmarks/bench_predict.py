"""Predicting many pictures, calibration, and "none of these".

python -m tests.benchmarks.bench_predict [speed] [calibration] [rejection]; by default all three. Speed runs
each set in a process of its own, for its peak memory.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import SplitSettings, current_split, keep_split, make_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.presets import PRESETS
from core.processes import peak_memory
from core.records import to_json
from core.runs.store import Run, create_run
from core.training.config import CnnRunConfig, TrainingConfig
from core.workspace import Workspace, open_workspace
from tests.benchmarks.pictures import write_photos, write_small_pngs

SIDE, SETS = 128, (250, 1000)
DISTINCT = 120  # files of each kind
REPEATS = 3
SEEDS = 4
SHARE = 0.05
TINY = (Preprocessing.of((8, 8), ColorMode.GREY), CnnConfig((ConvBlock(8, batch_norm=True), ConvBlock(16))))
VGG = PRESETS["small-vgg"]
NETWORKS = {"tiny, 8 px": TINY, "small VGG, 32 px": (Preprocessing.of(VGG.size, VGG.color), VGG.config)}


def speed() -> None:
    """Seconds of the clock, and of the processor, which other work on the machine hardly changes."""
    print("| pictures | number | seconds | seconds of the processor | peak memory, MB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_small_pngs(root / "small", DISTINCT)
        write_photos(root / "photos", DISTINCT)
        for kind in ("small", "photos"):
            for number in SETS:
                command = [sys.executable, "-m", __spec__.name, "one-set", str(root / kind), str(number)]
                line = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                told = json.loads(line.splitlines()[-1])
                print(
                    f"| {kind} | {number:,} | {told['seconds']:.2f} | {told['processor']:.2f} "
                    f"| {told['memory'] / 1e6:,.0f} |",
                    flush=True,
                )
        here, engine = _engine(root)
        print(
            "\nThe network alone, 1,000 decoded pictures, seconds of the processor: "
            f"here {here:.2f}, the engine's validation {engine:.2f}"
        )


def one_set(pictures: Path, number: int) -> None:
    """Predict a set of `number` of those pictures, the same ones again and again, and print what it took."""
    from core.serving.predicting import predict_set
    from core.serving.prediction_set import Asked

    with tempfile.TemporaryDirectory() as folder:
        paths = islice(cycle(sorted(pictures.rglob("*.*"))), number)
        pictures_of_set, predictor = _set_of(Path(folder), list(paths)), _untrained()
        begun, processor = time.perf_counter(), time.process_time()
        answers = predict_set(pictures_of_set, Asked("run.bench", "1"), predictor)
        seconds, processor = time.perf_counter() - begun, time.process_time() - processor
    assert len(answers.positions) == number
    print(json.dumps({"seconds": seconds, "processor": processor, "memory": peak_memory()}))


def _set_of(folder: Path, paths: Sequence[Path]) -> Path:
    """Copies of these files as a set; opened one by one, so that none of this counts as memory."""
    from core.data.sources import NAMES_FILE, staged_file
    from core.serving.prediction_set import PICTURES

    target = folder / PICTURES
    target.mkdir()
    for index, path in enumerate(paths):
        shutil.copyfile(path, staged_file(target, index))
    (target / NAMES_FILE).write_text(json.dumps([path.name for path in paths]))
    return folder


def _untrained():
    """Two convolutions on pictures of 128 px, as in bench_training."""
    from core.models.cnn import build_cnn
    from core.models.saved_model import SavedModel
    from core.serving.prediction import Predictor

    saved = SavedModel(
        CnnConfig((ConvBlock(16), ConvBlock(32))),
        Preprocessing.of((SIDE, SIDE), ColorMode.RGB),
        tuple(map(str, range(10))),
        False,
    )
    return Predictor(build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs).eval(), saved)


def _engine(root: Path) -> tuple[float, float]:
    """Seconds of the processor of prediction and of validation, for 1,000 pictures that are decoded."""
    import torch

    from core.training.batches import Batcher
    from core.training.config import Loss
    from core.training.evaluation import predict_probabilities
    from core.training.objective import Objective
    from core.training.run_data import open_run_data

    workspace = open_workspace(root / "home")
    dataset = import_dataset(workspace, ImportConfig("Small", SourceKind.FOLDER, str(root / "small")))
    predictor = _untrained()
    config = CnnRunConfig(
        "bench", dataset.id, current_split(dataset).id, dataset.classes, predictor.preprocessing, TINY[1]
    )
    data = open_run_data(workspace, config).train
    received = list(data.pixels.read(data.rows))
    batcher = Batcher(predictor.preprocessing, torch.device("cpu"))
    objective = Objective(Loss.CROSS_ENTROPY)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS + 1):
        begun = time.process_time()
        answers = predictor.predict(received)
        times[0].append(time.process_time() - begun)
        begun = time.process_time()
        expected = predict_probabilities(predictor.model, data, batcher, objective)
        times[1].append(time.process_time() - begun)
        assert np.abs(answers - expected).max() < 1e-5
    return min(times[0]) * 1000 / len(data), min(times[1]) * 1000 / len(data)


def calibration() -> None:
    from core.comparison.scores import calibration_error, log_loss
    from core.serving.calibration import calibrated, calibration_of
    from core.training.predictions import load_predictions

    print("| network | seed | temperature | calibration error, before | after | log loss, before | after |")
    print("|---|---|---|---|---|---|---|")
    for name, seed, run in _runs():
        test, temperature = load_predictions(run.folder, "test"), calibration_of(run).temperature
        after = calibrated(test.probabilities, temperature)
        errors = [calibration_error(each, test.targets) for each in (test.probabilities, after)]
        losses = [log_loss(each, test.targets) for each in (test.probabilities, after)]
        print(
            f"| {name} | {seed} | {temperature:.2f} | {errors[0]:.2%} | {errors[1]:.2%} "
            f"| {losses[0]:.3f} | {losses[1]:.3f} |",
            flush=True,
        )


def rejection() -> None:
    """With a limit that lets 5 % of known pictures go: what is rejected of new digits, and of photographs."""
    print("| network | seed | score | rejected of test digits | of photographs |")
    print("|---|---|---|---|---|")
    for name, seed, run in _runs():
        for score, (known, foreign) in _rejected(run).items():
            print(f"| {name} | {seed} | {score} | {known:.1%} | {foreign:.1%} |", flush=True)


def _rejected(run: Run) -> dict[str, tuple[float, float]]:
    from core.data.dataset import load_dataset
    from core.data.splitting import load_split
    from core.serving.calibration import calibrated
    from core.serving.familiarity import distance, farthest
    from core.serving.prediction import load_predictor
    from core.workspace import workspace_around

    predictor, config = load_predictor(run), run.config()
    dataset = load_dataset(workspace_around(run.folder), config["dataset_id"])
    split = load_split(dataset, config["split_id"])
    parts = {
        part: [predictor.read(dataset.path(dataset.pictures[row])) for row in rows]
        for part, rows in (("train", split.train), ("valid", split.valid), ("test", split.test))
    }
    parts["foreign"] = [predictor.received(patch) for patch in _patches(400)]
    seen = {part: predictor.predict_with_features(pictures) for part, pictures in parts.items()}
    labels, known = dataset.labels()[list(split.train)], seen["train"][1].astype(np.float64)
    means = np.stack([known[labels == k].mean(0) for k in range(10)])
    spread = np.cov((known - means[labels]).T)
    spread += 1e-3 * np.trace(spread) / len(spread) * np.eye(len(spread))
    inverse = np.linalg.inv(spread)

    def mahalanobis(features: np.ndarray) -> np.ndarray:
        apart = features[:, None] - means
        return np.einsum("nkd,de,nke->nk", apart, inverse, apart).min(1)

    scores = {
        "nearest training picture": lambda shares, features: distance(features, seen["train"][1]),
        "Mahalanobis": lambda shares, features: mahalanobis(features),
        "probability": lambda shares, features: -calibrated(shares, predictor.temperature).max(1),
    }
    found = {}
    for name, score in scores.items():
        limit = farthest(score(*seen["valid"]), SHARE)
        found[name] = tuple(float((score(*seen[part]) > limit).mean()) for part in ("test", "foreign"))
    return found


def _patches(number: int) -> list:
    """Squares of scikit-learn's two photographs."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    photos = [Image.fromarray(photo) for photo in load_sample_images().images]
    generator = np.random.default_rng(5)
    patches = []
    for index in range(number):
        photo, side = photos[index % len(photos)], int(generator.integers(30, 400))
        left, top = generator.integers(photo.width - side), generator.integers(photo.height - side)
        patches.append(photo.crop((left, top, left + side, top + side)))
    return patches


@lru_cache
def _runs() -> list[tuple[str, int, Run]]:
    """Each network trained on the sample digits, each seed with a split of its own; in WORKBENCH_HOME."""
    workspace = open_workspace()
    digits = import_dataset(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
    found = []
    for name, (preprocessing, cnn) in NETWORKS.items():
        for seed in range(SEEDS):
            split = make_split(digits, SplitSettings(seed=seed))
            keep_split(digits, split)
            config = CnnRunConfig(
                f"{name} {seed}",
                digits.id,
                split.id,
                digits.classes,
                preprocessing,
                cnn,
                TrainingConfig(epochs=5, seed=seed),
            )
            found.append((name, seed, _trained(workspace, config)))
    return found


def _trained(workspace: Workspace, config: CnnRunConfig) -> Run:
    from core.training.cnn_run import train_cnn

    run = create_run(workspace.runs, to_json(config), config.name)
    train_cnn(workspace, config, run.folder)
    return run


def main() -> None:
    if sys.argv[1:2] == ["one-set"]:
        one_set(Path(sys.argv[2]), int(sys.argv[3]))
        return
    parts = {"speed": speed, "calibration": calibration, "rejection": rejection}
    with tempfile.TemporaryDirectory() as home:
        os.environ["WORKBENCH_HOME"] = home
        for part in sys.argv[1:] or list(parts):
            parts[part]()
            print()


if __name__ == "__main__":
    main()
