"""The scripts that the app hands over, run without the app, or sooner in this process."""

import contextlib
import io
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path


def said_alone(source: str, folder: Path) -> str:
    """What it prints in a process of its own in `folder`, which doesn't find this project."""
    done = subprocess.run(
        [sys.executable, "-I", written(source, folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def said_here(source: str, folder: Path) -> str:
    """What it prints in `folder`, run by this process: that saves loading PyTorch."""
    assert not re.search(r"^\s*(from|import) (core|pages)\b", source, re.MULTILINE)
    return said_with_core(source, folder)


def said_with_core(source: str, folder: Path) -> str:
    """The same for a script that may use this project."""
    script, said = written(source, folder), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said):
        runpy.run_path(os.fspath(script), run_name="script")
    return said.getvalue()


def written(source: str, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(source, encoding="utf-8")
    return folder / "script.py"
