"""A zip that this app exported, perhaps elsewhere and perhaps changed since: read member by member, each
against its digest. Its scripts are never run, and nothing is unpacked by name."""

import hashlib
import json
import stat
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from torch import Tensor

from core.data.zip_directory import directory_checked
from core.errors import ConfigError, ImportRefused, ModelFileError
from core.models.saved_build import empty_network
from core.models.saved_model import KINDS, Saved
from core.models.weights_file import check_file, fitted, most_bytes
from core.records import from_json
from core.serving.calibration import COLDEST, HOTTEST
from core.serving.importing.request import CONFIG_FILE, names_for
from core.serving.importing.tensor_file import read_state

WEIGHTS = "model.safetensors"
FORMAT = 1
MOST_MEMBERS = 1_000
MOST_CONFIG, MOST_MEMBER = 4_000_000, 4_000_000_000  # bytes
MOST_RATIO, BOMB = 200, 20_000_000  # unpacked to packed bytes, of members over so many bytes
MOST_TOLD = 20_000  # characters of JSON
_ENCRYPTED = 0x1
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Export:
    """What the zip holds; `told` is what it says of its making, which nobody has checked."""

    saved: Saved
    weights: dict[str, Tensor]
    temperature: float
    told: dict[str, Any]


def read_export(path: Path, scratch: Path) -> Export:
    """The model of an exported zip; its weights are laid down at `scratch` for a while.

    Raises:
        ModelFileError: the zip is damaged, deceives, or was made by another version.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(directory_checked(file)) as archive:
            members = _checked_members(archive)
            config = _config(archive, members)
            saved, temperature, told = _described(config)
            _check_digests(archive, members, config.get("files"))
            model = empty_network(saved)
            _lay_down(archive, members[WEIGHTS], scratch)
    except (ModelFileError, ConfigError):
        raise
    except ImportRefused as refusal:
        raise _refused(refusal.problem, refusal.expected, refusal.found) from refusal
    except Exception as damage:  # zipfile raises many kinds on damaged files
        raise _refused("It is damaged.", found=f"{type(damage).__name__}: {damage}"[:120]) from damage
    check_file(scratch, most_bytes(model))
    weights = fitted("this network", model, read_state(scratch), fix="Export the model again.")
    scratch.unlink()
    return Export(saved, weights, temperature, told)


def _checked_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by their names, none of which leads out of a folder, is a link, locked, or a bomb."""
    entries = archive.infolist()
    if len(entries) > MOST_MEMBERS:
        raise _refused("It has too many entries.", f"at most {MOST_MEMBERS:,}", f"{len(entries):,}")
    if twice := [name for name, number in Counter(archive.namelist()).items() if number > 1]:
        raise _refused("It holds two files of one name.", found=repr(twice[0][:80]))
    for entry in entries:
        name = entry.filename
        if "\\" in name or ":" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise _refused("A name in it leads out of its folder.", found=repr(name[:80]))
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused("It holds a link to another file.", found=repr(name[:80]))
        if entry.flag_bits & _ENCRYPTED:
            raise _refused("It is locked with a password.", found=repr(name[:80]))
        packed = max(1, entry.compress_size)
        if entry.file_size > MOST_MEMBER or (
            entry.file_size > BOMB and entry.file_size > MOST_RATIO * packed
        ):
            found = f"{name[:80]}: {packed:,} bytes that unpack to {entry.file_size:,}"
            raise _refused("It unpacks to far more than a model.", f"at most {MOST_RATIO} times", found)
    if missing := {CONFIG_FILE, WEIGHTS} - {entry.filename for entry in entries}:
        raise _refused("It is not whole.", f"{CONFIG_FILE} and {WEIGHTS}", f"no {min(missing)}")
    return {entry.filename: entry for entry in entries}


def _config(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    if members[CONFIG_FILE].file_size > MOST_CONFIG:
        size = f"{members[CONFIG_FILE].file_size:,} bytes"
        raise _refused(f"Its {CONFIG_FILE} is too long.", f"at most {MOST_CONFIG:,} bytes", size)
    try:
        config = json.loads(archive.read(CONFIG_FILE))
    except (ValueError, RecursionError) as damage:
        raise _refused(f"Its {CONFIG_FILE} is no JSON.", found=str(damage)[:80]) from damage
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise _refused(f"Its {CONFIG_FILE} is of another version.", f"format {FORMAT}", repr(found)[:80])
    return config


def _described(config: dict[str, Any]) -> tuple[Saved, float, dict[str, Any]]:
    """The network, the temperature, and what the zip tells of its making."""
    model, temperature, told = config.get("model"), config.get("temperature", 1.0), config.get("run", {})
    kind = KINDS.get(str(model.get("kind"))) if isinstance(model, dict) else None
    if kind is None:
        found = repr(model.get("kind") if isinstance(model, dict) else model)[:80]
        raise _refused("It is of a kind of model that this version doesn't know.", ", ".join(KINDS), found)
    saved: Saved = from_json(kind, model)
    names_for(saved.outputs, saved.classes)
    if any(len(name) > 1000 for name in saved.classes):
        raise _refused("A class has a name that is too long.", "at most 1,000 characters", "more")
    if type(temperature) not in (int, float) or not COLDEST <= temperature <= HOTTEST:
        expected = f"a number from {COLDEST:g} to {HOTTEST:g}"
        raise _refused("Its temperature is none.", expected, repr(temperature)[:80])
    if not isinstance(told, dict) or len(json.dumps(told)) > MOST_TOLD:
        raise _refused("What it tells of its making can't be read.", "a short JSON object", "something else")
    return saved, float(temperature), told


def _check_digests(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], digests: Any) -> None:
    """Each file that the config names is there as it was written."""
    if not isinstance(digests, dict) or WEIGHTS not in digests:
        raise _refused(
            f"Its {CONFIG_FILE} states no digest of {WEIGHTS}.", "the SHA-256 of each file", "none"
        )
    for name, digest in digests.items():
        if name not in members:
            raise _refused("A file that it should hold is missing.", found=f"no {name[:80]}")
        with archive.open(members[name]) as member:
            sha = hashlib.sha256()
            while block := member.read(_BLOCK):
                sha.update(block)
        if sha.hexdigest() != digest:
            raise _refused(
                f"{name[:80]} in it was changed after the export, or is damaged.",
                f"SHA-256 {str(digest)[:16]}…",
                f"{sha.hexdigest()[:16]}…",
            )


def _lay_down(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    with archive.open(member) as source, place.open("wb") as file:
        while block := source.read(_BLOCK):
            file.write(block)


def _refused(problem: str, expected: str = "", found: str = "") -> ModelFileError:
    return ModelFileError(
        f"The zip can't be taken in. {problem}",
        expected=expected,
        found=found,
        fix="Export the model again, and bring that zip as it is.",
    )
