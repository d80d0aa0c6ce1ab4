"""One run to MLflow, piece by piece; each is noted in the run's cursor, and sent twice it is kept once."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.runs.store import Run, RunState
from core.tracking.contents import (
    data_identity,
    drawings,
    ending,
    epoch_metrics,
    epoch_times,
    fingerprint,
    parameters,
    result_metrics,
    tags,
    waiting_files,
)
from core.tracking.cursor import Cursor, save_cursor
from core.workspace import Workspace

EXPERIMENT = "ConvNet Workbench"
RUN_TAG = "workbench.run_id"
MOST_PARAMETERS, MOST_EPOCHS = 100, 40  # in one request: MLflow takes 100 parameters and 1,000 numbers
LONGEST_DIGEST = 36

_ENDINGS = {RunState.FINISHED: "FINISHED", RunState.STOPPED: "KILLED"}  # anything else at rest: FAILED


def send_run(client: Any, workspace: Workspace, run: Run, cursor: Cursor) -> Cursor:
    """Send what of `run` is still to be sent; `client` is an `mlflow.MlflowClient`. The cursor afterwards.

    Raises:
        Exception: whatever MLflow or the network raises; what was sent before stays noted.
    """
    cursor = _with_mlflow_run(client, run, cursor)
    if not cursor.described:
        cursor = _describe(client, workspace, run, cursor)
    status = run.status()
    end = ending(status)
    if not end and cursor.ending:  # it goes on
        client.update_run(cursor.mlflow_run_id, status="RUNNING")
        cursor = _noted(run, replace(cursor, ending=""))
    cursor = _send_epochs(client, run, cursor)
    if end and (end != cursor.ending or waiting_files(run, cursor)):
        cursor = _send_files(client, run, cursor)
        _log_metrics(
            client, cursor, [(result_metrics(status), _milliseconds(status.finished), cursor.epochs)]
        )
        client.set_terminated(
            cursor.mlflow_run_id, _ENDINGS.get(status.state, "FAILED"), _milliseconds(status.finished) or None
        )
        cursor = replace(cursor, ending=end)
    return _noted(run, replace(cursor, problem=""))


def experiment_of(client: Any, uri: str) -> str:
    """The id of the experiment that runs are logged in, made if it is not there.

    Files of a database without a server lie beside it; a server decides by itself where they are kept.
    """
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    parts = urlsplit(uri)
    place = None
    if parts.scheme == "sqlite":
        database = Path(parts.path.removeprefix("/")).expanduser().resolve()
        place = (database.parent / f"{database.stem}-files").as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _with_mlflow_run(client: Any, run: Run, cursor: Cursor) -> Cursor:
    """MLflow's run for `run`: the one noted, or one made before a crash forgot it, or a new one."""
    if cursor.mlflow_run_id:
        return cursor
    experiment = experiment_of(client, cursor.uri)
    found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run.id}'", max_results=1)
    made = (
        found[0]
        if found
        else client.create_run(
            experiment, _milliseconds(cursor.began), tags={RUN_TAG: run.id}, run_name=run.name
        )
    )
    began = made.info.start_time / 1000  # of one that was found too: its epochs keep their times
    named = replace(cursor, began=began, experiment_id=experiment, mlflow_run_id=made.info.run_id)
    return _noted(run, named)


def _describe(client: Any, workspace: Workspace, run: Run, cursor: Cursor) -> Cursor:
    from mlflow.entities import Dataset, DatasetInput, Param, RunTag

    config = run.config()
    data = data_identity(workspace, str(config.get("dataset_id")))
    settings = [Param(name, value) for name, value in parameters(config).items()]
    for first in range(0, len(settings), MOST_PARAMETERS):
        client.log_batch(cursor.mlflow_run_id, params=settings[first : first + MOST_PARAMETERS])
    named = [RunTag(name, value) for name, value in tags(run, data).items()]
    client.log_batch(cursor.mlflow_run_id, tags=named)
    if data is not None:
        dataset = Dataset(data.name, data.sha256[:LONGEST_DIGEST], "workbench", str(config["dataset_id"]))
        client.log_inputs(cursor.mlflow_run_id, [DatasetInput(dataset)])
    return _noted(run, replace(cursor, described=True))


def _send_epochs(client: Any, run: Run, cursor: Cursor) -> Cursor:
    records = run.metrics()
    times = epoch_times(records, cursor.began)
    for first in range(cursor.epochs, len(records), MOST_EPOCHS):
        last = min(first + MOST_EPOCHS, len(records))
        points = [
            (epoch_metrics(record), time, int(record.get("epoch", first)))
            for record, time in zip(records[first:last], times[first:last], strict=True)
        ]
        _log_metrics(client, cursor, points)
        cursor = _noted(run, replace(cursor, epochs=last))
    return cursor


def _send_files(client: Any, run: Run, cursor: Cursor) -> Cursor:
    for name in waiting_files(run, cursor):
        mark = fingerprint(run.folder / name)
        client.log_artifact(cursor.mlflow_run_id, str(run.folder / name))
        cursor = _noted(run, replace(cursor, files={**cursor.files, name: mark}))
    with tempfile.TemporaryDirectory() as folder:
        for name, drawn in drawings(run):
            path = Path(folder) / Path(name).name
            path.write_text(drawn, encoding="utf-8")
            client.log_artifact(cursor.mlflow_run_id, str(path), str(Path(name).parent))
    return cursor


def _log_metrics(client: Any, cursor: Cursor, points: list[tuple[dict[str, float], int, int]]) -> None:
    """`points` are (numbers by name, time in milliseconds since 1970, epoch)."""
    from mlflow.entities import Metric

    numbers = [
        Metric(name, value, time, step) for values, time, step in points for name, value in values.items()
    ]
    if numbers:
        client.log_batch(cursor.mlflow_run_id, metrics=numbers)


def _noted(run: Run, cursor: Cursor) -> Cursor:
    save_cursor(run, cursor)
    return cursor


def _milliseconds(seconds: float | None) -> int:
    return round(1000 * (seconds or 0))
