"""Where runs are logged to, as the environment says."""

import pytest

from core.errors import ConfigError
from core.tracking.settings import VARIABLE, tracking_uri, usable_uri, web_address, without_secrets


@pytest.mark.parametrize(
    "uri", ["sqlite:////tmp/runs.db", "http://host:5000", "postgresql+psycopg2://u:p@host/db"]
)
def test_servers_and_databases_are_taken(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv(VARIABLE, uri)
    assert tracking_uri() == uri


@pytest.mark.parametrize("uri", ["./mlruns", "mlruns", "/data/mlruns", "file:///data/mlruns", "C:\\runs"])
def test_a_folder_is_refused_with_what_to_set(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv(VARIABLE, uri)
    with pytest.raises(ConfigError, match=r"names a folder.*sqlite:///"):
        tracking_uri()


def test_other_addresses_are_refused_without_telling_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "ftp://me:secret@host/x")
    with pytest.raises(ConfigError, match="nothing that runs can be logged to") as refusal:
        tracking_uri()
    assert "secret" not in str(refusal.value)


def test_nothing_is_tracked_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert usable_uri() is None


def test_without_mlflow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "http://host:5000")
    monkeypatch.setattr("core.tracking.settings.is_installed", lambda: False)
    with pytest.raises(ConfigError, match=r"requirements-cluster\.txt"):
        usable_uri()


def test_an_address_to_look_at() -> None:
    assert without_secrets("https://me:secret@host/x") == "https://host/x"
    assert without_secrets("at http://me:se@cret@host/x: no") == "at http://host/x: no"
    assert without_secrets("sqlite:///a@b.db") == "sqlite:///a@b.db"
    assert web_address("https://me:secret@host/", "3", "abc") == "https://host/#/experiments/3/runs/abc"
    assert web_address("sqlite:///x.db", "3", "abc") is None
