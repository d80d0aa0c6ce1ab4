"""Time and memory of an import: `python -m tests.benchmarks.bench_import [--small N] [--large N]`.

Two cases: many small PNGs in a folder, and a zip of 12-megapixel JPEGs against
`Image.open().convert().resize()` one by one. Everything is written below a temporary folder.
"""

import argparse
import io
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.pixel_cache import open_pixel_cache
from core.data.preprocessing import ColorMode, Preprocessing
from core.workspace import Workspace, open_workspace

SIDE = 224  # pixels, of the network's input


class PeakMemory:
    """Most resident memory of this process above the start, sampled every 20 ms, in MB."""

    def __enter__(self) -> "PeakMemory":
        self._process = psutil.Process()
        self._start = self.peak_bytes = self._process.memory_info().rss
        self._done = threading.Event()
        self._sampler = threading.Thread(target=self._sample)
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._done.wait(0.02):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)

    @property
    def megabytes(self) -> float:
        return (self.peak_bytes - self._start) / 1e6


def write_small_pngs(folder: Path, count: int) -> None:
    """`count` PNGs of 32x32 random RGB pixels in ten classes."""
    generator = np.random.default_rng(0)
    for index in range(count):
        path = folder / f"class-{index % 10}" / f"{index:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (32, 32, 3), np.uint8)).save(path)


def write_photos(path: Path, count: int) -> None:
    """A zip of `count` different JPEGs of 4000x3000 pixels in two classes, photos in size and detail."""
    from sklearn.datasets import load_sample_images

    photos = [Image.fromarray(photo).resize((4000, 3000)) for photo in load_sample_images().images]
    grain = np.random.default_rng(0).integers(-12, 13, (3000, 4000, 1))
    grainy = [np.clip(np.asarray(photo).astype(int) + grain, 0, 255).astype(np.uint8) for photo in photos]
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(count):
            photo = Image.fromarray(np.roll(grainy[index % 2], 37 * index, axis=1))
            file = io.BytesIO()
            photo.save(file, "JPEG", quality=90)
            archive.writestr(f"class-{index % 2}/{index:03d}.jpg", file.getvalue())


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds, peak MB above the start, and the result of `work`."""
    with PeakMemory() as memory:
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
    return seconds, memory.megabytes, result


def bring(workspace: Workspace, kind: SourceKind, path: Path) -> Dataset:
    config = ImportConfig("benchmark", kind, str(path))
    return import_dataset(workspace, config, on_progress=_silent, should_stop=_never)


def cache(workspace: Workspace, dataset: Dataset) -> np.ndarray:
    preprocessing = Preprocessing.of((SIDE, SIDE), ColorMode.RGB)
    return open_pixel_cache(workspace, dataset, preprocessing, on_progress=_silent, should_stop=_never).pixels


def one_by_one(path: Path) -> None:
    """What a simple script does with the same zip."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                np.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000, help="number of small PNGs")
    parser.add_argument("--large", type=int, default=100, help="number of 12-megapixel JPEGs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        workspace = open_workspace(root / "home")
        write_small_pngs(root / "small", options.small)
        write_photos(root / "photos.zip", options.large)

        rows = []
        seconds, megabytes, _ = timed(lambda: bring(workspace, SourceKind.FOLDER, root / "small"))
        rows.append((f"import {options.small:,} PNGs of 32x32", seconds, megabytes))
        imported, megabytes, photos = timed(lambda: bring(workspace, SourceKind.ZIP, root / "photos.zip"))
        rows.append((f"{options.large} JPEGs of 12 Mpx: import of the zip", imported, megabytes))
        cached, megabytes, _ = timed(lambda: cache(workspace, photos))
        rows.append((f"{options.large} JPEGs of 12 Mpx: pixel cache at {SIDE} px", cached, megabytes))
        baseline, megabytes, _ = timed(lambda: one_by_one(root / "photos.zip"))
        rows.append(
            (f"{options.large} JPEGs of 12 Mpx: open, convert, resize one by one", baseline, megabytes)
        )

    print(f"{'what':60} {'seconds':>8} {'MB above start':>15}")
    for what, seconds, megabytes in rows:
        print(f"{what:60} {seconds:8.2f} {megabytes:15.0f}")
    print(f"one by one / import:                {baseline / imported:.2f}x")
    print(f"one by one / pixel cache:           {baseline / cached:.2f}x")
    print(f"one by one / (import + pixel cache): {baseline / (imported + cached):.2f}x")


def _silent(done: int, total: int, what: str) -> None:
    return None


def _never() -> bool:
    return False


if __name__ == "__main__":
    main()
