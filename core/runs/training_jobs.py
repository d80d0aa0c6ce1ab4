"""The jobs that train, by any route, and those that measure a training beforehand."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from core.errors import Cancelled, PicturesLost
from core.processes import peak_memory
from core.records import from_json, to_json
from core.runs.reporter import Reporter
from core.runs.turn import turn_on
from core.workspace import Workspace, write_json, write_text

Trainer = Callable[..., Any]  # such as core.training.cnn_run.train_cnn, which loads PyTorch


def train_a_cnn(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, train on it, and leave the best model with its predictions."""
    from core.training.config import CnnRunConfig

    config = from_json(CnnRunConfig, reporter.run.config())

    def trainer() -> Trainer:
        from core.training.cnn_run import train_cnn

        return train_cnn

    _train(config, trainer, workspace, reporter)


def fine_tune_a_backbone(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, fine-tune a backbone on it, and leave the best model with its predictions."""
    from core.training.fine_tune_config import FineTuneConfig

    config = from_json(FineTuneConfig, reporter.run.config())

    def trainer() -> Trainer:
        from core.training.fine_tune_run import train_fine_tuned

        return train_fine_tuned

    _train(config, trainer, workspace, reporter)


def _train(config: Any, trainer: Callable[[], Trainer], workspace: Workspace, reporter: Reporter) -> None:
    from core.training.device import device_names

    with turn_on(device_names(config.device), workspace, reporter) as device:
        reporter.run.lost_pictures_file.unlink(missing_ok=True)
        try:
            _train_on(device, trainer, workspace, config, reporter)
        except PicturesLost as loss:
            write_json(reporter.run.lost_pictures_file, {"keys": loss.keys})
            raise


def _train_on(
    device: str, trainer: Callable[[], Trainer], workspace: Workspace, config: Any, reporter: Reporter
) -> None:
    import json

    from core.training.run_data import open_run_data

    def interrupted() -> bool:
        return reporter.should_stop() or reporter.should_pause()

    # Decoding leaves the interpreter to the import of PyTorch, which takes as long.
    with ThreadPoolExecutor(1) as other:
        opening = other.submit(
            open_run_data, workspace, config, on_progress=reporter.progress, should_stop=interrupted
        )
        train = trainer()
    data = opening.result()

    from core.training.checkpoint import CheckpointFolder
    from core.training.device import usable_device
    from core.training.event_files import EventFiles
    from core.training.history import BatchProgress, EpochRecord, Hooks
    from core.training.measured import torch_version
    from core.training.memory import remember_base
    from core.training.resumption import history_of

    remember_base(workspace, peak_memory())
    device = usable_device(device)
    reporter.update(device=device, epochs=config.training.epochs)
    reporter.add_facts({"torch": torch_version(), "without": len(config.without)})
    checkpoints = CheckpointFolder(reporter.run.folder)
    history = history_of(checkpoints.load_last(), checkpoints.last)
    lines = (json.dumps(asdict(record)) + "\n" for record in history)
    write_text(reporter.run.metrics_file, "".join(lines))
    events = EventFiles(reporter.run.folder / "tensorboard", history)

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
        events.add(record)
        reporter.update(epoch=record.epoch, pictures_per_second=record.pictures_per_second)
        print(
            f"Epoch {record.epoch}: "
            f"train loss {record.train_loss:.4f}, accuracy {record.train_accuracy:.4f}; "
            f"validation loss {record.valid_loss:.4f}, accuracy {record.valid_accuracy:.4f}; "
            f"{record.seconds:.2f} s",
            flush=True,
        )

    try:
        result = train(
            workspace,
            config,
            reporter.run.folder,
            device=device,
            hooks=Hooks(on_batch, on_epoch, reporter.add_facts, reporter.should_stop, reporter.should_pause),
            on_progress=reporter.progress,
            data=data,
        )
    finally:
        events.close()
    reporter.update(result=_summary(result))
    if result.outcome.ended in ("stopped", "paused"):
        raise Cancelled


def train_on_features(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, extract features on it, and leave a classifier of them with its predictions."""
    from core.embeddings.config import FeaturesRunConfig
    from core.training.device import device_names

    config = from_json(FeaturesRunConfig, reporter.run.config())
    with turn_on(device_names(config.device), workspace, reporter) as device:
        reporter.run.lost_pictures_file.unlink(missing_ok=True)
        try:
            _extract_and_fit(device, workspace, config, reporter)
        except PicturesLost as loss:
            write_json(reporter.run.lost_pictures_file, {"keys": loss.keys})
            raise


def _extract_and_fit(device: str, workspace: Workspace, config: Any, reporter: Reporter) -> None:
    import json
    import time

    from core.embeddings.features_run import run_features
    from core.training.device import usable_device
    from core.training.history import EpochRecord, Hooks
    from core.training.measured import torch_version

    device = usable_device(device)
    reporter.update(device=device)
    reporter.add_facts({"torch": torch_version(), "without": len(config.without)})
    begun: dict[str, float] = {}  # when each kind of work was first heard of

    def on_progress(done: int, total: int, what: str) -> None:
        seconds = time.monotonic() - begun.setdefault(what, time.monotonic())
        left = seconds / done * (total - done) if done else None
        reporter.update(done=done, total=total, what=what, seconds_left=left)

    def on_epoch(record: EpochRecord) -> None:
        write_text(reporter.run.metrics_file, json.dumps(asdict(record)) + "\n")
        print(
            f"Training accuracy {record.train_accuracy:.4f}; validation loss {record.valid_loss:.4f}, "
            f"accuracy {record.valid_accuracy:.4f}; {record.seconds:.2f} s",
            flush=True,
        )

    result = run_features(
        workspace,
        config,
        reporter.run.folder,
        device=device,
        hooks=Hooks(
            on_epoch=on_epoch,
            on_facts=reporter.add_facts,
            should_stop=reporter.should_stop,
            should_pause=reporter.should_pause,
        ),
        on_progress=on_progress,
    )
    reporter.update(
        result={
            "ended": "finished",
            "best_epoch": result.record.epoch,
            "best_accuracy": result.record.valid_accuracy,
            "best_loss": result.record.valid_loss,
            "test_accuracy": result.test_accuracy,
            "parameters": result.parameters,
        }
    )


def measure_a_cnn(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, and make ten batches of a training on it; what they took is kept and returned."""
    from core.models.cnn_walk import walk
    from core.training.config import CnnRunConfig
    from core.training.device import device_names, usable_device
    from core.training.measured import calibration_file, trial_file
    from core.training.memory import piece_for_this_worker, remember_base

    config = from_json(CnnRunConfig, reporter.run.config())
    with turn_on(device_names(config.device), workspace, reporter) as name:
        from core.training.trial import run_trial

        remember_base(workspace, peak_memory())
        device, piece = usable_device(name), config.training.batch_size
        if device == "cpu":
            network = walk(config.cnn, config.preprocessing.shape, config.outputs)
            piece = piece_for_this_worker(workspace, network, config.training)
        reporter.update(what="learning from ten batches")
        trial = run_trial(
            config,
            device,
            piece=piece,
            calibration=calibration_file(workspace, config, device),
            stored=trial_file(workspace, config, device),
        )
    reporter.update(result=to_json(trial))


def measure_a_fine_tuning(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, and make ten batches of a fine-tuning on it; what they took is kept and returned."""
    from core.training.device import device_names, usable_device
    from core.training.fine_tune_config import FineTuneConfig
    from core.training.memory import remember_base

    config = from_json(FineTuneConfig, reporter.run.config())
    with turn_on(device_names(config.device), workspace, reporter) as name:
        from core.training.fine_tune_trial import run_fine_tune_trial

        remember_base(workspace, peak_memory())
        trial = run_fine_tune_trial(workspace, config, usable_device(name), on_progress=reporter.progress)
    reporter.update(result=to_json(trial))


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
