"""What a worker can do: each kind of job takes its run and reports as it goes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from core.errors import Cancelled, PicturesLost, RunError
from core.processes import peak_memory
from core.records import from_json, to_json
from core.runs.reporter import Reporter
from core.runs.slots import device_slot
from core.runs.store import Run, RunState
from core.workspace import Workspace, write_json, write_text

REJECTED_FILE = "rejected.json"

Job = Callable[[Workspace, Reporter], None]
Trainer = Callable[..., Any]  # such as core.training.cnn_run.train_cnn, which loads PyTorch


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

    with _turn_on(device_names(config.device), workspace, reporter) as device:
        reporter.run.lost_pictures_file.unlink(missing_ok=True)
        try:
            _train_on(device, trainer, workspace, config, reporter)
        except PicturesLost as loss:
            write_json(reporter.run.lost_pictures_file, {"keys": loss.keys})
            raise


@contextmanager
def _turn_on(devices: tuple[str, ...], workspace: Workspace, reporter: Reporter) -> Iterator[str]:
    """Wait for one of `devices`, and tell that the run is at work on it."""

    def wait(ahead: int) -> None:
        reporter.raise_if_interrupted()
        reporter.update(what="waiting for the device", done=0, total=0, result={"ahead": ahead})

    with device_slot(reporter.run, devices, workspace.caches / "slots", on_wait=wait) as device:
        reporter.update(state=RunState.RUNNING, what="loading PyTorch", result={})
        reporter.flush()
        yield device


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
    with _turn_on(device_names(config.device), workspace, reporter) as device:
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
    with _turn_on(device_names(config.device), workspace, reporter) as name:
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
    with _turn_on(device_names(config.device), workspace, reporter) as name:
        from core.training.fine_tune_trial import run_fine_tune_trial

        remember_base(workspace, peak_memory())
        trial = run_fine_tune_trial(workspace, config, usable_device(name), on_progress=reporter.progress)
    reporter.update(result=to_json(trial))


def time_pictures(workspace: Workspace, reporter: Reporter) -> None:
    """Wait until no training disturbs, and measure what a picture takes each model; kept with its run."""
    from core.comparison.costs import keep_picture_seconds
    from core.comparison.timed_pictures import pictures_to_time
    from core.runs.picture_times import PictureTimesConfig
    from core.runs.store import open_run

    config = from_json(PictureTimesConfig, reporter.run.config())
    runs = [open_run(workspace.runs, run_id) for run_id in config.runs]
    with _turn_on(("cpu",), workspace, reporter):
        from core.serving.picture_time import seconds_a_picture
        from core.serving.prediction import load_predictor

        for done, run in enumerate(runs):
            reporter.raise_if_interrupted()
            reporter.progress(done, len(runs), f"measuring {run.name}")
            pictures = pictures_to_time(workspace, run)
            keep_picture_seconds(run, seconds_a_picture(load_predictor(run), pictures))


def search_for_excitation(workspace: Workspace, reporter: Reporter) -> None:
    """Find the pictures that excite each channel of a layer; the result is kept in a file of its own."""
    import os

    from core.data.dataset import load_dataset
    from core.runs.excitations import ExcitationConfig, excitation_file

    config = from_json(ExcitationConfig, reporter.run.config())
    reporter.update(state=RunState.RUNNING, what="loading the network")
    if hasattr(os, "nice"):  # trainings go first; Windows has no such call
        os.nice(10)
    from core.insight.excitation import excite, sample_of, save_excitation
    from core.insight.sources import open_subject

    subject, dataset = open_subject(workspace, config.subject), load_dataset(workspace, config.dataset_id)
    excitation = excite(
        subject,
        dataset,
        sample_of(dataset, config.most),
        config.row,
        on_progress=reporter.progress,
        should_stop=reporter.should_stop,
    )
    save_excitation(excitation, excitation_file(workspace, config))


def predict_a_set(workspace: Workspace, reporter: Reporter) -> None:
    """Ask one or two models about a set of pictures; their answers are kept in the set's folder."""
    import os

    from core.serving.prediction_set import PredictConfig

    config = from_json(PredictConfig, reporter.run.config())
    reporter.update(state=RunState.RUNNING, what="loading the network")
    if hasattr(os, "nice"):  # trainings go first; Windows has no such call
        os.nice(10)
    from core.runs.set_job import answer_set

    answer_set(workspace, config, reporter)


def export_a_model(workspace: Workspace, reporter: Reporter) -> None:
    """Write the model of the run that this job lies in as a zip, and check it against the app."""
    import os

    from core.comparison.timed_pictures import unseen_pictures
    from core.runs.export_jobs import ExportConfig

    config = from_json(ExportConfig, reporter.run.config())
    run = Run(reporter.run.folder.parents[1])
    reporter.update(state=RunState.RUNNING, what="loading PyTorch")
    if hasattr(os, "nice"):  # trainings go first; Windows has no such call
        os.nice(10)
    from core.serving.export.exporting import export_run

    part, pictures = unseen_pictures(workspace, run, config.pictures)
    export_run(
        workspace, run, pictures, part, on_progress=reporter.progress, should_stop=reporter.should_stop
    )


def fetch_weights_of_a_backbone(workspace: Workspace, reporter: Reporter) -> None:
    """Download a backbone's trained weights; the result is its name."""
    reporter.update(state=RunState.RUNNING, what="looking for the weights")
    from core.models.weights import fetch_weights

    name = str(reporter.run.config().get("name"))
    fetch_weights(name, reporter.progress, reporter.should_stop)
    reporter.update(result={"name": name})


def study_a_space(workspace: Workspace, reporter: Reporter) -> None:
    """Search for the best settings of a training; each trial is a run of its own."""
    from core.tuning.study_job import run_study

    run_study(workspace, reporter)


def cross_validate(workspace: Workspace, reporter: Reporter) -> None:
    """Wait for a device, and search for the best settings by cross-validation on it."""
    from core.training.device import device_names
    from core.tuning.skorch_config import CrossValidationConfig

    config = from_json(CrossValidationConfig, reporter.run.config())
    with _turn_on(device_names(config.base.device), workspace, reporter) as device:
        from core.tuning.skorch_job import run_cross_validation

        run_cross_validation(workspace, config, reporter, device)


def import_a_model(workspace: Workspace, reporter: Reporter) -> None:
    """Take in a model file that lies beside the job, or at a path; the result is the model's id."""
    from core.serving.importing.request import ModelImport

    config = from_json(ModelImport, reporter.run.config())
    reporter.update(state=RunState.RUNNING, what="loading PyTorch")
    from core.serving.importing.bring import import_model

    model = import_model(workspace, config, on_progress=reporter.progress, should_stop=reporter.should_stop)
    reporter.update(result={"model_id": model.id})


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


_JOBS: dict[str, Job] = {
    "import": import_pictures,
    "train-cnn": train_a_cnn,
    "fine-tune": fine_tune_a_backbone,
    "trial": measure_a_cnn,
    "fine-tune-trial": measure_a_fine_tuning,
    "excitation": search_for_excitation,
    "features": train_on_features,
    "picture-times": time_pictures,
    "fetch-weights": fetch_weights_of_a_backbone,
    "import-model": import_a_model,
    "export": export_a_model,
    "study": study_a_space,
    "cross-validate": cross_validate,
    "predict": predict_a_set,
}
