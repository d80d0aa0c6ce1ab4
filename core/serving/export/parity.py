"""Whether an export says what the app says: its own scripts, in processes of their own, on real pictures."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data.parallel import StopCheck
from core.errors import Cancelled, ExportRefused, PictureRejected
from core.serving.calibration import calibrated
from core.serving.export.command_line import cell
from core.serving.prediction import Predictor

AT_ONCE = 16  # pictures in memory
POLL = 0.1  # seconds
WITHIN = 1800.0  # seconds
# What would let a script find more than stands beside it, or than its own environment has.
HIDDEN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONSTARTUP")
_SAID = 1500  # characters of what a script that failed has said


def said_by_app(predictor: Predictor, pictures: Sequence[Path]) -> np.ndarray:
    """Calibrated probabilities (N, K) of picture files, as the pages show them.

    Raises:
        ExportRefused: a file can't be read any more.
    """
    parts = [
        predictor.predict([_read(predictor, path) for path in pictures[start : start + AT_ONCE]])
        for start in range(0, len(pictures), AT_ONCE)
    ]
    return calibrated(np.concatenate(parts), predictor.temperature)


def _read(predictor: Predictor, path: Path) -> np.ndarray:
    try:
        return predictor.read(path)
    except PictureRejected as rejection:
        raise ExportRefused(
            "A picture of the data set, on which the export is to be checked, can't be read any more.",
            expected="the pictures as they were imported",
            found=f"{path}: {rejection.problem}",
            fix="Put that file back, or import the data set again and train on that.",
        ) from rejection


def lay_down(pictures: Sequence[Path], folder: Path) -> list[str]:
    """Copies of picture files for the scripts to find, in their order by name; their names."""
    folder.mkdir()
    names = [f"{number:05d}.png" for number in range(len(pictures))]  # what a file is, its content tells
    for path, name in zip(pictures, names, strict=True):
        shutil.copyfile(path, folder / name)
    return names


def said_by_script(
    script: Path, pictures: Path, names: Sequence[str], classes: Sequence[str], should_stop: StopCheck
) -> np.ndarray:
    """Probabilities (N, K) that `script` writes of the pictures in a folder, run as its user runs it.

    Raises:
        ExportRefused: it fails, leaves a picture out or takes too long.
        Cancelled: `should_stop` said so.
    """
    table = pictures.with_name(f"{script.stem}.csv")
    asked = [str(pictures), "--top", str(len(classes)), "--out", str(table)]
    log = pictures.with_name(f"{script.stem}.txt")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(script), *asked],
            cwd=pictures.parent,
            env={name: value for name, value in os.environ.items() if name not in HIDDEN},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            status = _end_of(process, should_stop)
        finally:
            process.kill()
            process.wait()
    if status != 0:
        said = log.read_text(encoding="utf-8", errors="replace").strip()
        print(said, flush=True)
        raise ExportRefused(
            f"The export's {script.name} doesn't run through.",
            expected="the exit status 0",
            found=f"{'no end' if status is None else status}: {said[-_SAID:]}",
            fix="The log has all that it said.",
        )
    return _table(table, names, classes)


def _end_of(process: subprocess.Popen, should_stop: StopCheck) -> int | None:
    """The exit status; None where it takes too long."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        try:
            return process.wait(POLL)
        except subprocess.TimeoutExpired:
            if should_stop():
                raise Cancelled from None
    return None


def _table(table: Path, names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Each line has pairs of a class and its probability, the most probable first."""
    rows, columns = (
        {name: row for row, name in enumerate(names)},
        {cell(each): k for k, each in enumerate(classes)},
    )
    said = np.full((len(names), len(classes)), np.nan)
    with table.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for name, *pairs in lines:
            for label, share in zip(pairs[::2], pairs[1::2], strict=True):
                said[rows[Path(name).name], columns[label]] = float(share)
    if np.isnan(said).any():
        raise ExportRefused(
            f"{table.stem}.py has left pictures or classes out.",
            expected=f"{len(names)} pictures, {len(classes)} probabilities each",
            found=f"{int(np.isnan(said).sum())} missing",
            fix="The log has all that it said.",
        )
    return said
