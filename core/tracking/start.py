"""Where a worker has its run logged to MLflow: the run is marked, and a process that sends is started."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from core.errors import ConfigError
from core.runs.store import Run
from core.tracking.contents import KINDS
from core.tracking.cursor import mark_tracked
from core.tracking.settings import INSTALL, is_installed, tracking_uri, without_secrets
from core.workspace import Workspace, workspace_around

PROJECT = Path(__file__).resolve().parents[2]


def track(run: Run) -> None:
    """Have `run` logged to MLflow if the environment says so; never raises, and never waits for a server."""
    try:
        uri = tracking_uri()
        workspace = workspace_around(run.folder)
        if uri is None or run.config().get("kind") not in KINDS or run.folder.parent != workspace.runs:
            return
        mark_tracked(run, without_secrets(uri))
        if is_installed():
            start_sender(workspace, "--follow")
        else:
            print(f"Not logged to MLflow, which is not installed: {INSTALL}", flush=True)
    except (ConfigError, OSError) as trouble:
        print(f"Not logged to MLflow: {trouble}", flush=True)


def start_sender(workspace: Workspace, *options: str) -> None:
    """Start `core.tracking.sync` in a session of its own, so that it outlives this process.

    Raises:
        OSError: it can't be started.
    """
    workspace.caches.mkdir(exist_ok=True)
    with (workspace.caches / "tracking.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.tracking.sync", "--workspace", str(workspace.root), *options],
            cwd=PROJECT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    threading.Thread(target=process.wait, daemon=True, name="reaper of the sender").start()
