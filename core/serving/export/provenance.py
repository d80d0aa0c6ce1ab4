"""Where a model comes from: run, data, split, seed, date and versions, as an export tells them. No torch."""

import hashlib
import platform
import time
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.data.dataset import Dataset, load_dataset
from core.data.splitting import SIDES, load_split
from core.runs.store import Run
from core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = ("torch", "torchvision", "numpy", "pillow", "onnxruntime", "scikit-learn")


@dataclass(frozen=True)
class Provenance:
    """`dataset_hash` is the SHA-256 over the label and the content of every picture, `split` the number of
    pictures on each side; dates in UTC."""

    run_id: str
    run_name: str
    kind: str
    dataset_id: str
    dataset_name: str
    dataset_hash: str
    split_id: str
    split: dict[str, int]
    seed: int | None
    trained: str
    exported: str
    app: str
    python: str
    versions: dict[str, str] = field(default_factory=dict)


def provenance_of(workspace: Workspace, run: Run) -> Provenance:
    """What the files of `run` and of its data set tell.

    Raises:
        RunError, DatasetError: they are gone or damaged.
    """
    config, status = run.config(), run.status()
    dataset = load_dataset(workspace, str(config.get("dataset_id")))
    split = load_split(dataset, str(config.get("split_id")))
    training = config.get("training")
    seed = training.get("seed") if isinstance(training, dict) else config.get("seed")
    return Provenance(
        run_id=run.id,
        run_name=run.name,
        kind=str(config.get("kind")),
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        dataset_hash=content_hash(dataset),
        split_id=split.id,
        split={side: len(getattr(split, side)) for side in SIDES},
        seed=seed if isinstance(seed, int) else None,
        trained=_date(status.finished or status.heartbeat),
        exported=_date(time.time()),
        app=app_version(),
        python=platform.python_version(),
        versions=versions(),
    )


def content_hash(dataset: Dataset) -> str:
    """The same for the same pictures with the same labels, whatever they and the data set are called."""
    lines = sorted(f"{picture.label}\0{picture.key}\n" for picture in dataset.pictures)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def app_version() -> str:
    with (PROJECT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def versions() -> dict[str, str]:
    """Installed packages that decide what comes out; without what a version says of its build."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            continue
    return found


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
