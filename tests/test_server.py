"""The server as a stranger on the network or in another tab would meet it."""

import http.client
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import psutil
import pytest

from tests.journeys.server import PROJECT, Server, serve

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server") / "home") as running:
        yield running


def websocket_status(server: Server, **headers: str) -> int:
    address = urlparse(server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request("GET", "/_stcore/stream", headers={**UPGRADE, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
def test_it_listens_on_this_machine_alone(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    addresses = {c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}


@pytest.mark.slow
def test_other_host_names_and_origins_are_refused(server: Server) -> None:
    port = urlparse(server.url).port
    assert websocket_status(server, Host=f"127.0.0.1:{port}") == 101
    assert websocket_status(server, Host=f"localhost:{port}") == 101
    assert websocket_status(server, Host=f"evil.example:{port}") == 403
    assert websocket_status(server, Host=f"127.0.0.1:{port}", Origin="http://evil.example") == 403


@pytest.mark.slow
def test_address_is_printed(server: Server) -> None:
    assert f"URL: {server.url}" in (server.home / "server.log").read_text()


def test_nothing_is_told_to_anyone_and_no_traceback_is_shown() -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["enableXsrfProtection"] is True
    assert config["server"]["fileWatcherType"] == "none"


def test_themes_and_styles_need_no_network() -> None:
    for file in (".streamlit/config.toml", "assets/style.css"):
        assert "http" not in (Path(PROJECT) / file).read_text()
