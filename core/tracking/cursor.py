"""What of a run has been sent to MLflow: `tracking.json` in its folder, written after each piece."""

import contextlib
import time
from dataclasses import dataclass, field

from core.errors import ConfigError
from core.records import from_json, to_json
from core.runs.store import Run
from core.workspace import read_json, write_json

FILE = "tracking.json"


@dataclass(frozen=True)
class Cursor:
    """`uri` says where to (without passwords), `files` the size and time of each file as it was sent.

    `began` is the first start of the run in seconds since 1970, from which the times of its epochs count.
    `problem` is why the last attempt failed, at the time `tried`; empty after one that did not.
    """

    uri: str
    began: float
    experiment_id: str = ""
    mlflow_run_id: str = ""
    described: bool = False  # parameters, tags and the data set have been sent
    epochs: int = 0
    files: dict[str, str] = field(default_factory=dict)
    ending: str = ""  # the state and the time of the end that was sent
    problem: str = ""
    tried: float = 0.0


def load_cursor(run: Run) -> Cursor | None:
    """How far `run` has been sent; None where it is not tracked. A damaged one begins anew, anywhere."""
    try:
        return from_json(Cursor, read_json(run.folder / FILE))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ConfigError):
        return Cursor("", time.time())


def save_cursor(run: Run, cursor: Cursor) -> None:
    """Keep `cursor`, unless the run has been deleted meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        write_json(run.folder / FILE, to_json(cursor))


def mark_tracked(run: Run, uri: str) -> Cursor:
    """Note that `run` is to be sent to `uri`; what has been sent there already stays sent."""
    cursor = load_cursor(run)
    if cursor is None or cursor.uri != uri:
        began = run.written_status().started or time.time()
        cursor = Cursor(uri, cursor.began if cursor is not None else began)
        save_cursor(run, cursor)
    return cursor
