"""What every rival's process reads from its command line, and the line that it ends with."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    folder: Path
    side: int
    epochs: int
    batch: int
    workers: int
    seed: int
    precision: str

    @property
    def classes(self) -> int:
        return sum(entry.is_dir() for entry in (self.folder / "train").iterdir())


def read_options(description: str) -> Options:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="with train/<class>/ and valid/<class>/")
    parser.add_argument("--side", type=int, default=128, help="pixels, of the network's input")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=0, help="processes that load pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="auto", help="of the workbench; the rivals keep their own")
    return Options(**vars(parser.parse_args()))


def print_accuracies(per_epoch: Sequence[float]) -> None:
    """The validation accuracies of the epochs as the process's last line."""
    print(json.dumps({"accuracy": per_epoch[-1], "best": max(per_epoch)}))
