"""The one folder for all that the app writes, and the atomic writes that keep it whole."""

import json
import os
import re
import secrets
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from core.errors import WorkbenchError

PATIENCE = 2.0  # seconds for which another process may be reading a file that is to be replaced
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


@dataclass(frozen=True)
class Workspace:
    """`WORKBENCH_HOME`: data sets, runs, models, predictions, and caches that can be deleted at any time."""

    root: Path

    @property
    def datasets(self) -> Path:
        return self.root / "datasets"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def caches(self) -> Path:
        return self.root / "caches"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def predictions(self) -> Path:
        """Sets of pictures that were predicted."""
        return self.root / "predictions"

    @property
    def imports(self) -> Path:
        """Import jobs and the uploads that they read; gone once the data set stands."""
        return self.caches / "imports"


def open_workspace(root: Path | None = None) -> Workspace:
    """The workspace at `root`, else at `WORKBENCH_HOME`, else in the platform's user data folder."""
    chosen = root or os.environ.get("WORKBENCH_HOME") or platformdirs.user_data_dir("convnet-workbench")
    workspace = Workspace(Path(chosen).expanduser().resolve())
    for folder in (workspace.datasets, workspace.runs, workspace.imports, workspace.models):
        folder.mkdir(parents=True, exist_ok=True)
    return workspace


def workspace_around(folder: Path) -> Workspace:
    """The workspace that `folder` lies in, wherever it was moved to; else the default one."""
    for parent in folder.resolve().parents:
        if (parent / "datasets").is_dir() and (parent / "runs").is_dir():
            return open_workspace(parent)
    return open_workspace()


def new_id(label: str) -> str:
    """An id for a folder: UTC time, a readable slug of `label`, and eight random characters."""
    ascii_label = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_label.lower()).strip("-")[:32].strip("-")
    return "-".join(
        part for part in (time.strftime("%Y%m%d-%H%M%S", time.gmtime()), slug, secrets.token_hex(4)) if part
    )


def folder_of(parent: Path, item_id: str) -> Path:
    """`parent/item_id`, where `item_id` may come from a URL: anything that isn't an id is refused."""
    if not _ID.fullmatch(item_id):
        raise WorkbenchError(
            "That is not an id of this workspace.",
            expected="lower-case letters, digits and hyphens",
            found=repr(item_id[:40]),
            fix="Choose the item from the list instead.",
        )
    return parent / item_id


def write_text(path: Path, text: str) -> None:
    """Write `path` whole or not at all: a temporary file beside it, then a rename over it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        put_in_place(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename `temporary` over `path`; Windows refuses that while another process reads `path`, so try on."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON to `path`, whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1))


def read_json(path: Path) -> Any:
    """The JSON value in `path`."""
    return json.loads(path.read_text(encoding="utf-8"))
