"""Where runs are logged besides their folders: the MLflow server or file of `MLFLOW_TRACKING_URI`.

Nothing here imports MLflow: only the process that sends does (core/tracking/sync.py).
"""

import importlib.util
import os
import re
from urllib.parse import urlsplit

from core.errors import ConfigError

VARIABLE = "MLFLOW_TRACKING_URI"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SERVERS = ("http", "https")
INSTALL = "pip install -r requirements-cluster.txt"


def tracking_uri() -> str | None:
    """The address that the environment names; None where runs are not tracked.

    Raises:
        ConfigError: it is a folder, or nothing that MLflow could write to from here.
    """
    uri = os.environ.get(VARIABLE, "").strip()
    if not uri:
        return None
    scheme = urlsplit(uri).scheme.split("+")[0].lower() if "://" in uri or uri.startswith("sqlite:") else ""
    if scheme in SERVERS or scheme in DATABASES:
        return uri
    folder = scheme in ("", "file")
    raise ConfigError(
        f"{VARIABLE} names a folder, which MLflow only keeps up for old data."
        if folder
        else f"{VARIABLE} names nothing that runs can be logged to.",
        expected="sqlite:///path/to/mlflow.db, or http://host:port of a server",
        found=without_secrets(uri)[:120],
        fix=f"Set {VARIABLE}=sqlite:///mlflow.db for a file, or unset it.",
    )


def is_installed() -> bool:
    """Whether MLflow can be imported here, without importing it."""
    return importlib.util.find_spec("mlflow") is not None


def usable_uri() -> str | None:
    """`tracking_uri`, once MLflow is there to write to it.

    Raises:
        ConfigError: it can't be used, or MLflow is not installed.
    """
    uri = tracking_uri()
    if uri is not None and not is_installed():
        raise ConfigError(
            f"{VARIABLE} is set, but MLflow is not installed: runs are kept, and not logged to it.",
            expected="the package mlflow",
            found="none",
            fix=f"{INSTALL}, then start the app again.",
        )
    return uri


def without_secrets(uri: str) -> str:
    """`uri`, or a text with one in it, without the name and password that may stand before its host."""
    return re.sub(r"(?<=://)[^/\s]*@", "", uri)


def web_address(uri: str, experiment_id: str, mlflow_run_id: str) -> str | None:
    """Where a browser sees that run; None for a file, which has no pages of its own."""
    if urlsplit(uri).scheme not in SERVERS:
        return None
    return f"{without_secrets(uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{mlflow_run_id}"
