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
    home.mkdir(parents=True, exist_ok=True)
    server = start(home, script)
    try:
        try:
            wait_until_healthy(server)
        except (RuntimeError, TimeoutError):  # another process may have been quicker to take the port
            end(server)
            server = start(home, script)
            wait_until_healthy(server)
        yield server
    finally:
        end(server)


def start(home: Path, script: Path) -> Server:
    port = free_port()
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)],
            cwd=PROJECT,
            env={**os.environ, "WORKBENCH_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return Server(f"http://127.0.0.1:{port}", home, process)


def end(server: Server) -> None:
    server.process.terminate()
    server.process.wait(10)


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
    said = (server.home / "server.log").read_text()
    raise TimeoutError(f"{server.url} gave no answer in {START_WITHIN:.0f} s. It said: {said[-2000:]}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
