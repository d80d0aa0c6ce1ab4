"""The app in a process of its own, with a workspace of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
START_WITHIN = 60.0


@dataclass(frozen=True)
class Server:
    url: str
    home: Path
    process: subprocess.Popen


@contextmanager
def serve(home: Path, script: Path = PROJECT / "app.py") -> Iterator[Server]:
    """Run `script` on a free port of this machine until the block ends."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
            cwd=PROJECT,
            env={**os.environ, "WORKBENCH_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", home, process)
    try:
        wait_until_healthy(server)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def wait_until_healthy(server: Server) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError((server.home / "server.log").read_text())
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{server.url} gave no answer in {START_WITHIN:.0f} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
