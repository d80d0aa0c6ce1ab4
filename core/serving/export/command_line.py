"""The command line of the scripts of an export: which files, where the table goes, how it ends.

An export holds a copy of this file, so it uses nothing but Python's own library.
"""

import argparse
import csv
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

ALL_GOOD, SOME_FAILED, NOTHING_TO_DO = 0, 1, 2
ENDINGS = [
    ".avif",
    ".bmp",
    ".gif",
    ".jfif",
    ".jpe",
    ".jpeg",
    ".jpg",
    ".mpo",
    ".pgm",
    ".png",
    ".pnm",
    ".ppm",
    ".tif",
    ".tiff",
    ".webp",
]
USAGE = f"""\
A line of the table is a picture, its most probable class and the probability of that. A folder is
searched, with all that is below it, for files with these endings:
{" ".join(ENDINGS)}
A file that is named is taken whatever its ending is. Files that can't be used are named on stderr.

exit status:
  {ALL_GOOD}  all pictures went through
  {SOME_FAILED}  some files could not be used
  {NOTHING_TO_DO}  wrong use, or no picture was found"""


def run(
    arguments: Sequence[str],
    about: str,
    classes: Sequence[str],
    read: Callable[[Path], Any],
    predict: Callable[[list[Any]], Sequence[Sequence[float]]],
) -> int:
    """Predict what `arguments` name, and write the table; returns the exit status.

    `read` makes of a file what `predict` takes many of, or raises ValueError with the reason why not.
    """
    options = _parser(about, len(classes)).parse_args(arguments)
    files = list(dict.fromkeys(file for given in options.pictures for file in _files_in(given)))
    if not files:
        print("No picture was found.", file=sys.stderr)
        return NOTHING_TO_DO
    failed = 0
    try:
        with _table(options.out) as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(["file", *_columns(options.top)])
            for start in range(0, len(files), options.batch):
                good = []
                for file in files[start : start + options.batch]:
                    try:
                        good.append((file, read(file)))
                    except ValueError as reason:
                        failed += 1
                        print(f"{file}: {reason}", file=sys.stderr)
                said = predict([picture for _, picture in good]) if good else []
                for (file, _), probabilities in zip(good, said, strict=True):
                    writer.writerow([cell(str(file)), *_guesses(classes, probabilities, options.top)])
    except OSError as failure:
        print(f"{options.out or 'The table'} can't be written: {failure.strerror}", file=sys.stderr)
        return NOTHING_TO_DO
    return SOME_FAILED if failed else ALL_GOOD


def _parser(about: str, classes: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=about, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="+", type=Path, metavar="FOLDER_OR_FILE")
    parser.add_argument(
        "--top",
        type=_whole_number(1, classes),
        default=1,
        metavar="K",
        help=f"the K most probable classes of each picture, 1 to {classes} (default 1)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="CSV", help="the file for the table (default: it is printed)"
    )
    parser.add_argument(
        "--batch",
        type=_whole_number(1, 4096),
        default=16,
        metavar="N",
        help="pictures that are in memory at once (default 16)",
    )
    return parser


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if text.isdecimal() and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, found {text!r}")

    return whole_number


def _files_in(given: Path) -> Iterator[Path]:
    """A file itself, or the pictures in a folder by name; one that isn't there fails when it is read."""
    if not given.is_dir():
        yield given
        return
    for folder, folders, names in os.walk(given):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if _is_picture(name))


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in ENDINGS


@contextmanager
def _table(path: Path | None) -> Iterator[TextIO]:
    """The printed output, or a file that appears whole or not at all. UTF-8, but for names that are not."""
    if path is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            yield file
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _columns(top: int) -> list[str]:
    columns = ["prediction", "probability"]
    return columns + [f"{column} {place}" for place in range(2, top + 1) for column in columns[:2]]


def _guesses(classes: Sequence[str], probabilities: Sequence[float], top: int) -> list[str]:
    order = sorted(range(len(classes)), key=lambda index: -probabilities[index])[:top]
    return [text for index in order for text in (cell(classes[index]), f"{probabilities[index]:.8f}")]


def cell(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets a quote before it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
