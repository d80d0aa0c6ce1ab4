"""A real Ray cluster on this machine: nodes as processes of their own, each with a workspace of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

MEMORY = 100_000_000  # bytes of the object store
PATIENCE = 60.0  # seconds


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Nodes:
    """The first node is the head; all end with `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, f"127.0.0.1:{free_port()}"
        self.all: list[subprocess.Popen] = []

    def add(self, cpus: int) -> subprocess.Popen:
        home = self.folder / f"node-{len(self.all)}"
        where = (
            ["--address", self.address]
            if self.all
            else ["--head", "--port", self.address.split(":")[1], "--include-dashboard=false"]
        )
        command = [Path(sys.executable).with_name("ray"), "start", *where, "--node-ip-address=127.0.0.1"]
        command += [f"--num-cpus={cpus}", "--num-gpus=0", f"--object-store-memory={MEMORY}", "--block"]
        log = (self.folder / f"node-{len(self.all)}.log").open("wb")
        environment = {
            **os.environ,
            "WORKBENCH_HOME": str(home),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_failure_threshold": "5",
        }
        node = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self.all.append(node)
        self._wait_until_it_runs(node)
        return node

    def kill(self, node: subprocess.Popen) -> None:
        """As if its machine lost its power."""
        import psutil

        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(node.pid)
            for process in (main, *main.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
        node.wait(10)

    def close(self) -> None:
        for node in reversed(self.all):
            if node.poll() is None:
                self.kill(node)

    def _wait_until_it_runs(self, node: subprocess.Popen) -> None:
        log = self.folder / f"node-{len(self.all) - 1}.log"
        deadline = time.monotonic() + PATIENCE
        while b"Ray runtime started" not in log.read_bytes():
            assert node.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
