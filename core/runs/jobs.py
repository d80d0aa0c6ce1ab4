"""What a worker can do: each kind of job takes its run and reports as it goes."""

from collections.abc import Callable

from core.errors import RunError
from core.records import from_json, to_json
from core.runs.reporter import Reporter
from core.runs.store import Run, RunState
from core.runs.training_jobs import (
    fine_tune_a_backbone,
    measure_a_cnn,
    measure_a_fine_tuning,
    train_a_cnn,
    train_on_features,
)
from core.runs.turn import turn_on
from core.workspace import Workspace, write_json

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


def time_pictures(workspace: Workspace, reporter: Reporter) -> None:
    """Wait until no training disturbs, and measure what a picture takes each model; kept with its run."""
    from core.comparison.costs import keep_picture_seconds
    from core.comparison.timed_pictures import pictures_to_time
    from core.runs.picture_times import PictureTimesConfig
    from core.runs.store import open_run

    config = from_json(PictureTimesConfig, reporter.run.config())
    runs = [open_run(workspace.runs, run_id) for run_id in config.runs]
    with turn_on(("cpu",), workspace, reporter):
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
    with turn_on(device_names(config.base.device), workspace, reporter) as device:
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


def look_at_a_cluster(workspace: Workspace, reporter: Reporter) -> None:
    """Connect to a Ray cluster; the result is what it has."""
    from core.runs.cluster_jobs import ClusterLook
    from core.runs.place import check_installed

    place = from_json(ClusterLook, reporter.run.config()).place
    reporter.update(state=RunState.RUNNING, what=f"connecting to {place.address}")
    check_installed()
    from core.cluster.connection import connect

    cluster = connect(place)
    reporter.update(
        result={
            "nodes": cluster.nodes,
            "cpus": sum(cluster.cpus),
            "gpus": sum(cluster.gpus),
            "processes": cluster.processes(place),
        }
    )


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
    "cluster": look_at_a_cluster,
    "predict": predict_a_set,
}
