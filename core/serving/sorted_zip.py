"""The pictures of a set, sorted into one folder a class, as a zip. No torch."""

import re
import secrets
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.data.parallel import Progress
from core.workspace import put_in_place

LONGEST = 80  # characters of a name
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def write_sorted_zip(
    target: Path,
    pictures: Sequence[tuple[str, Path, str]],
    *,
    on_progress: Progress = lambda done, total, what: None,
) -> None:
    """Write (name, file, folder) of each picture to a zip at `target`, whole or not at all.

    The files are copied block by block and not packed any further. Two of one name in a folder are numbered.
    """
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}")  # two pages may write the same
    taken: set[str] = set()
    try:
        with zipfile.ZipFile(partial, "w", strict_timestamps=False) as archive:
            for done, (name, file, folder) in enumerate(pictures):
                on_progress(done, len(pictures), "packing")
                archive.write(file, _place(safe_name(folder), safe_name(PurePosixPath(name).name), taken))
        put_in_place(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """`name` as a file or folder may be called on any system, without a way out of its folder."""
    text = unicodedata.normalize("NFC", name)
    text = "".join("_" if unicodedata.category(c)[0] == "C" else c for c in text)
    text = re.sub(r'[<>:"/\\|?*]', "_", text).strip(". ")
    if len(text) > LONGEST:
        stem, dot, ending = text.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending) <= 5 else ""
        text = (stem or text)[: LONGEST - len(kept)] + kept
    return f"_{text}" if not text or text.split(".")[0].casefold() in _RESERVED else text


def _place(folder: str, name: str, taken: set[str]) -> str:
    """A path in the zip that is not taken yet, on no system: some know no upper and lower case."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    place, number = f"{folder}/{name}", 2
    while place.casefold() in taken:
        place, number = f"{folder}/{stem} ({number}){dot}{ending}", number + 1
    taken.add(place.casefold())
    return place
