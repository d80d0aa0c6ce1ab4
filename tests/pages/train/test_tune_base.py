"""What trials can begin from."""

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.store import TRIAL_FILE, Run, TrialOf, create_run
from core.tuning.studies import config_of, list_studies
from core.workspace import Workspace, write_json
from tests.digits import small_run
from tests.fine_tuning import small_fine_tuning
from tests.pages.helper import button, no_exception, open_page
from tests.pages.train.test_tune import PAGE, launched

__all__ = ["launched"]


def bases(app) -> list[str]:
    return next(box.options for box in app.selectbox if box.label == "Training to start from")


def test_a_run_lends_its_settings_but_not_its_weights(
    workspace: Workspace, run: Run, launched: list[str]
) -> None:
    run.write_config({**run.config(), "starts_from": run.id, "without": ["key"]})
    app = open_page(PAGE, dataset=run.config()["dataset_id"], base=run.id)
    button(app, "Start the study").click().run()
    no_exception(app)
    [study] = list_studies(workspace)
    base = config_of(study).base
    assert base.cnn == small_run_of(run).cnn
    assert (base.starts_from, base.without) == (None, ())


def small_run_of(run: Run):
    from core.training.run_config import run_config

    return run_config(run.config())


def test_a_fine_tuning_has_settings_of_its_own(workspace: Workspace, few_digits: Dataset) -> None:
    config = small_fine_tuning(few_digits)
    create_run(workspace.runs, to_json(config), config.name)
    app = open_page(PAGE)
    name = next(option for option in bases(app) if "Small fine-tuning" in option)
    next(box for box in app.selectbox if box.label == "Training to start from").set_value(name).run()
    varied = next(box for box in no_exception(app).multiselect if box.label == "Settings to vary")
    assert "What trains" in varied.options
    assert "Kernel" not in varied.options


def test_trials_of_studies_are_not_among_the_runs(workspace: Workspace, digits: Dataset) -> None:
    trial = create_run(workspace.runs, to_json(small_run(digits)), "Small run")
    write_json(trial.folder / TRIAL_FILE, to_json(TrialOf("study", 1)))
    assert not any("Small run" in option for option in bases(open_page(PAGE)))
