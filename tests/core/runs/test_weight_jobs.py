"""Downloads as processes of their own. None of them reaches the internet: the proxy is a closed port."""

import hashlib
import io
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from core.models import weights
from core.models.weights import Download, download_of
from core.runs.store import Run, RunState, Status, create_run, list_runs
from core.runs.weight_jobs import KIND, last_fetch, start_fetch
from core.runs.worker import work
from core.workspace import Workspace

NAME = "squeezenet1_1"


@pytest.fixture(autouse=True)
def no_internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for variable in ("https_proxy", "HTTPS_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("urllib.request._opener", None)  # what is made here would keep the proxies for good
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def ended(run: Run) -> Status:
    deadline = time.monotonic() + 60
    while (status := run.status()).state.is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    return status


def in_this_process(workspace: Workspace) -> Run:
    run = create_run(workspace.caches / "fetches", {"kind": KIND, "name": NAME}, NAME)
    work(run)
    return run


@pytest.mark.slow
def test_a_download_without_a_network_ends_with_the_reason_and_the_next_takes_its_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_fetch(workspace, NAME)
    assert last_fetch(workspace, NAME) == run
    assert start_fetch(workspace, NAME) == run  # joined while it is at work
    status = ended(run)
    assert status.state is RunState.FAILED
    assert "can't be downloaded" in status.message
    assert "https://download.pytorch.org/models/squeezenet1_1" in status.fix
    place = download_of(NAME).place
    assert list(place.parent.iterdir()) == []
    place.write_bytes(b"there now")
    monkeypatch.setattr("core.runs.weight_jobs.launch", work)
    again = start_fetch(workspace, NAME)
    status = again.status()
    assert (status.state, status.result) == (RunState.FINISHED, {"name": NAME})
    assert list_runs(workspace.caches / "fetches") == [again]
    assert list_runs(workspace.runs) == []


def test_there_is_no_fetch_of_other_weights(workspace: Workspace) -> None:
    create_run(workspace.caches / "fetches", {"kind": KIND, "name": NAME}, NAME)
    assert last_fetch(workspace, "resnet18") is None
    assert last_fetch(workspace, NAME) is not None


def test_an_unknown_name_fails_with_the_reason(workspace: Workspace) -> None:
    run = create_run(workspace.caches / "fetches", {"kind": KIND, "name": "resnet19"}, "x")
    work(run)
    status = run.status()
    assert (status.state, status.cause) == (RunState.FAILED, "ConfigError")
    assert "no backbone of this name" in status.message


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class TestADownload:
    """From a server beside it, so that the job itself runs here."""

    @pytest.fixture
    def download(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Download]:
        data = io.BytesIO()
        torch.save({"a": torch.rand(300_000)}, data)
        (tmp_path / "published.pth").write_bytes(data.getvalue())
        digest = hashlib.sha256(data.getvalue()).hexdigest()[:8]
        place = tmp_path / "torch" / f"published-{digest}.pth"
        monkeypatch.setenv("no_proxy", "*")
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
            url = f"http://127.0.0.1:{server.server_port}/published.pth"
            made = Download(url, len(data.getvalue()), digest, place)
            monkeypatch.setattr(weights, "download_of", lambda name: made)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield made
            server.shutdown()
            thread.join()

    def test_it_tells_its_bytes_and_its_result(self, workspace: Workspace, download: Download) -> None:
        status = in_this_process(workspace).status()
        assert (status.state, status.result) == (RunState.FINISHED, {"name": NAME})
        assert (status.done, status.total, status.what) == (download.size, download.size, "downloading")
        assert download.place.stat().st_size == download.size

    def test_it_can_be_stopped(self, workspace: Workspace, download: Download) -> None:
        run = create_run(workspace.caches / "fetches", {"kind": KIND, "name": NAME}, NAME)
        run.stop_file.touch()
        work(run)
        assert run.status().state is RunState.STOPPED
        assert list(download.place.parent.iterdir()) == []
