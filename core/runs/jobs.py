"""What a worker can do: each kind of job takes its run and reports as it goes."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from core.errors import Cancelled, RunError
from core.records import from_json, to_json
from core.runs.reporter import Reporter
from core.runs.slots import device_slot
from core.runs.store import RunState
from core.workspace import Workspace, write_json, write_text

REJECTED_FILE = "rejected.json"

Job = Callable[[Workspace, Reporter], None]


def job_of_kind(kind: str) -> Job:
    """The job for a config's `kind`.

    Raises:
        RunError: this version has no such job.
    """
    try:
        return _JOBS[kind]
    except KeyError:
        raise RunError(
            f"This version can't do a run of kind {kind!r}.",
            expected="one of " + ", ".join(_JOBS),
            found=kind,
            fix="Open it with the version that made it.",
        ) from None


def import_pictures(workspace: Workspace, reporter: Reporter) -> None:
    """Bring a data set in; the result is its id. With nothing usable, `REJECTED_FILE` names every file."""
    from core.data.importing import ImportConfig, NothingImported, import_dataset

    config = from_json(ImportConfig, reporter.run.config())
    reporter.update(state=RunState.RUNNING)
    try:
        dataset = import_dataset(
            workspace, config, on_progress=reporter.progress, should_stop=reporter.should_stop
        )
    except NothingImported as refusal:
        write_json(reporter.run.folder / REJECTED_FILE, to_json(refusal.rejected))
        raise
    reporter.update(result={"dataset_id": dataset.id})


def train_a_cnn(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, train on it, and leave the best model with its predictions."""
    from core.training.config import CnnRunConfig
    from core.training.device import device_names

    config = from_json(CnnRunConfig, reporter.run.config())

    def wait(ahead: int) -> None:
        reporter.raise_if_stopped()
        reporter.update(what="waiting for the device", done=0, total=0, result={"ahead": ahead})

    locks = workspace.caches / "slots"
    with device_slot(reporter.run, device_names(config.device), locks, on_wait=wait) as device:
        reporter.update(state=RunState.RUNNING, what="loading PyTorch", result={})
        reporter.flush()
        _train_on(device, workspace, config, reporter)


def _train_on(device: str, workspace: Workspace, config: Any, reporter: Reporter) -> None:
    import json

    from core.training.checkpoint import CheckpointFolder
    from core.training.cnn_run import train_cnn
    from core.training.device import usable_device
    from core.training.loop import BatchProgress, EpochRecord, Hooks

    device = usable_device(device)
    reporter.update(device=device, epochs=config.training.epochs)
    finished = CheckpointFolder(reporter.run.folder).load_last()
    history = finished["history"] if finished else []
    write_text(reporter.run.metrics_file, "".join(json.dumps(record) + "\n" for record in history))

    def on_batch(progress: BatchProgress) -> None:
        reporter.update(
            epoch=progress.epoch,
            done=progress.batch,
            total=progress.batches,
            what="training",
            pictures_per_second=progress.pictures_per_second,
            seconds_left=progress.seconds_left,
        )

    def on_epoch(record: EpochRecord) -> None:
        reporter.append_metrics(asdict(record))
        reporter.update(epoch=record.epoch, pictures_per_second=record.pictures_per_second)
        print(
            f"Epoch {record.epoch}: "
            f"train loss {record.train_loss:.4f}, accuracy {record.train_accuracy:.4f}; "
            f"validation loss {record.valid_loss:.4f}, accuracy {record.valid_accuracy:.4f}; "
            f"{record.seconds:.2f} s",
            flush=True,
        )

    result = train_cnn(
        workspace,
        config,
        reporter.run.folder,
        device=device,
        hooks=Hooks(on_batch, on_epoch, reporter.should_stop),
        on_progress=reporter.progress,
    )
    reporter.update(result=_summary(result))
    if result.outcome.ended == "stopped":
        raise Cancelled


def _summary(result: Any) -> dict[str, Any]:
    if result.best is None:
        return {}
    return {
        "ended": result.outcome.ended,
        "best_epoch": result.best.epoch,
        "best_accuracy": result.best.valid_accuracy,
        "best_loss": result.best.valid_loss,
        "test_accuracy": result.test_accuracy,
        "parameters": sum(parameter.numel() for parameter in result.model.parameters()),
    }


_JOBS: dict[str, Job] = {"import": import_pictures, "train-cnn": train_a_cnn}
