"""From the names of files to splits and classes: which folder means what.

Understood, each also inside wrapping folders: `class/.../x.png` and `{train,valid,test}/class/.../x.png`.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.data.dataset import Rejected

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "dev": "valid",
    "test": "test",
    "testing": "test",
}
_LITTER_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}
_LITTER_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information"}
_PICTURE_ENDING = re.compile(r"\.(png|jpe?g|jfif|gif|webp|bmp|tiff?|p[bgpn]m|avif)$", re.IGNORECASE)

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs: the split that its folders gave (or None), and its class."""

    split: str | None
    label: str


@dataclass(frozen=True)
class Layout:
    """`places` maps the index of a name to its place; names in neither `places` nor `rejected` are litter."""

    places: dict[int, Place]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]


def shown(name: str) -> str:
    """`name` fit for a screen and a UTF-8 file: what can't be shown becomes "�"."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def understand(names: Sequence[str]) -> Layout:
    """The layout that `names` (relative, "/" or "\\" between folders, a folder ends in "/") follow."""
    rejected: list[Rejected] = []
    notes: list[str] = []
    files: dict[int, Parts] = {}
    folders: set[Parts] = set()
    hidden: set[str] = set()
    for index, name in enumerate(names):
        if reason := _unsafe(name):
            rejected.append(Rejected(shown(name), reason, "Pack the folder again with an ordinary tool."))
            continue
        parts = _parts(name)
        is_folder = name.endswith(("/", "\\"))
        if folder := _hidden_folder(parts if is_folder else parts[:-1]):
            hidden.add(folder)
        elif is_folder:
            folders.add(parts)
        elif parts and not _is_litter(parts):
            files[index] = parts

    wrapping = _wrapping(files.values())
    splits_given = _splits_given(parts[wrapping:] for parts in files.values())
    places: dict[int, Place] = {}
    for index, parts in files.items():
        place = _place(parts[wrapping:], splits_given)
        if isinstance(place, Place):
            places[index] = place
        else:
            rejected.append(Rejected(shown(names[index]), place, _layout_fix(splits_given)))

    labels = {place.label for place in places.values()}
    notes += [f"Hidden folder {shown(folder)} was left out." for folder in sorted(hidden)]
    notes += _empty_class_notes(folders, wrapping, splits_given, labels)
    notes += _case_twin_notes(labels)
    return Layout(places, tuple(rejected), tuple(notes))


def _unsafe(name: str) -> str | None:
    slashed = name.replace("\\", "/")
    if slashed.startswith("/") or re.match(r"[A-Za-z]:", slashed):
        return "Its name is an absolute path."
    if ".." in slashed.split("/"):
        return "Its name leads out of the folder (..)."
    return None


def _parts(name: str) -> Parts:
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _is_litter(parts: Parts) -> bool:
    file = parts[-1]
    in_litter = any(part.casefold() in _LITTER_FOLDERS for part in parts)
    return in_litter or file.startswith(".") or file.casefold() in _LITTER_FILES


def _hidden_folder(folders: Parts) -> str | None:
    """The first of nested `folders` whose name starts with a dot, as a path."""
    for depth, part in enumerate(folders):
        if part.startswith("."):
            return "/".join(folders[: depth + 1])
    return None


def _wrapping(files: Iterable[Parts]) -> int:
    """How many outer folders only wrap the rest.

    A folder wraps if it is alone at its level, names no split, and holds folders; not if it holds pictures
    beside a single folder, for then it is a class with something nested in it.
    """
    inner = list(files)
    depth = 0
    while True:
        tops = {parts[0] for parts in inner if len(parts) > 1}
        if len(tops) != 1 or next(iter(tops)).casefold() in SPLIT_FOLDERS:
            return depth
        below = [parts[1:] for parts in inner if len(parts) > 1]
        subfolders = {parts[0] for parts in below if len(parts) > 1}
        holds_pictures = any(len(parts) == 1 and _PICTURE_ENDING.search(parts[0]) for parts in below)
        if not subfolders or (holds_pictures and len(subfolders) == 1):
            return depth
        inner = below
        depth += 1


def _splits_given(files: Iterable[Parts]) -> bool:
    """Whether the top folders are splits: two of them hold folders, or all that hold any are splits."""
    with_folders = {parts[0].casefold() for parts in files if len(parts) > 2}
    splits = with_folders & set(SPLIT_FOLDERS)
    return len({SPLIT_FOLDERS[s] for s in splits}) >= 2 or (bool(splits) and splits == with_folders)


def _place(parts: Parts, splits_given: bool) -> Place | str:
    """The place of a file below the wrapping folders, or why it has none."""
    if splits_given:
        split = SPLIT_FOLDERS.get(parts[0].casefold()) if len(parts) > 1 else None
        if split is None:
            return "It lies beside the train, valid and test folders, not in one of them."
        if len(parts) < 3:
            return f"It lies in {shown(parts[0])} itself, not in a class folder."
        return Place(split, _label(parts[1]))
    if len(parts) < 2:
        return "It lies in no class folder."
    return Place(None, _label(parts[0]))


def _label(folder: str) -> str:
    """The class that a folder names; macOS writes accents apart from their letters, others don't."""
    return unicodedata.normalize("NFC", shown(folder)).strip() or "(blank)"


def _layout_fix(splits_given: bool) -> str:
    if splits_given:
        return "Move it to train/<class>/, valid/<class>/ or test/<class>/."
    return "Move it into a folder that is named after its class."


def _empty_class_notes(folders: set[Parts], wrapping: int, splits_given: bool, labels: set[str]) -> list[str]:
    depth = wrapping + (1 if splits_given else 0)
    empty = {_label(parts[depth]) for parts in folders if len(parts) > depth} - labels
    if not splits_given:
        empty = {label for label in empty if label.casefold() not in SPLIT_FOLDERS}
    return [f"Class folder {label} is empty, so there is no such class." for label in sorted(empty)]


def _case_twin_notes(labels: set[str]) -> list[str]:
    twins: defaultdict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        twins[label.casefold()].append(label)
    return [
        f"Classes {' and '.join(group)} differ in upper and lower case only and were kept apart."
        for group in twins.values()
        if len(group) > 1
    ]
