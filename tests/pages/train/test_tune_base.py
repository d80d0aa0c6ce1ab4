"""What trials can begin from."""

from core.data.dataset import Dataset
from core.records import to_json
from core.runs.store import TRIAL_FILE, Run, RunState, Status, TrialOf, create_run, delete_run
from core.training.config import Optimizer
from core.training.run_config import run_config
from core.tuning.studies import config_of, list_studies, starting_weights
from core.workspace import Workspace, write_json
from pages.train.tune_base import DRAFT, WITH_WEIGHTS
from tests.digits import small_run
from tests.fine_tuning import small_fine_tuning
from tests.pages.helper import button, no_exception, open_page, texts
from tests.pages.train.test_tune import PAGE, launched

__all__ = ["launched"]


def bases(app) -> list[str]:
    return next(box.options for box in app.selectbox if box.label == "Training to start from")


def test_a_run_lends_its_settings_and_the_weights_that_it_began_with(
    workspace: Workspace, run: Run, launched: list[str]
) -> None:
    before = run_config(run.config())
    run.write_config({**run.config(), "starts_from": run.id, "without": ["key"]})
    for began_with in (b"weights", None):
        (run.folder / "start.pt").write_bytes(began_with) if began_with else (
            run.folder / "start.pt"
        ).unlink()
        app = open_page(PAGE, dataset=before.dataset_id, base=run.id)
        assert (WITH_WEIGHTS in texts(app)) is bool(began_with)
        no_exception(button(app, "Start the study").click().run())
        study = list_studies(workspace)[0]
        base = config_of(study).base
        assert (base.cnn, base.without) == (before.cnn, ("key",))
        assert base.starts_from == (run.id if began_with else None)
        assert [path.read_bytes() for path in starting_weights(study).values()] == [began_with] * bool(
            began_with
        )
        study.write_status(Status(RunState.STOPPED))
        delete_run(study)


def test_the_train_page_lends_all_that_it_holds(
    workspace: Workspace, digits: Dataset, launched: list[str]
) -> None:
    train = open_page("train/cnn")
    train.slider(key="rotation").set_value(7)
    train.selectbox(key="optimizer").set_value(Optimizer.SGD)
    drafted = no_exception(train.run()).session_state["drafted"]
    app = open_page(PAGE)
    app.session_state["drafted"] = drafted
    no_exception(app.run())
    next(box for box in app.selectbox if box.label == "Training to start from").set_value(DRAFT).run()
    no_exception(button(app, "Start the study").click().run())
    base = config_of(list_studies(workspace)[0]).base
    assert (base.training.optimizer, base.augmentation.rotation) == (Optimizer.SGD, 7)
    assert (base.classes, base.dataset_id) == (digits.classes, digits.id)


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
