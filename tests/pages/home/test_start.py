from core.data.dataset import list_datasets
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.runs.store import create_run
from core.training.device import visible_devices
from core.workspace import Workspace
from tests.pages.helper import open_page, texts


def primary_buttons(app) -> list[str]:
    return [button.label for button in app.button if button.proto.type == "primary"]


def test_empty_workspace_leads_to_data() -> None:
    app = open_page("home/start")
    assert primary_buttons(app) == ["Bring pictures"]
    assert "No data set yet." in texts(app)
    assert visible_devices()[0].words in texts(app).replace("\\", "")


def test_data_leads_to_training_and_a_model_to_predicting(workspace: Workspace) -> None:
    config = ImportConfig("Digits", SourceKind.SAMPLE_DIGITS)
    import_dataset(workspace, config, on_progress=lambda *_: None, should_stop=lambda: False)
    app = open_page("home/start")
    assert primary_buttons(app) == ["Design a network"]
    assert "1 data set, 1,797 pictures" in texts(app)

    run = create_run(workspace.runs, {"dataset_id": list_datasets(workspace)[0].id}, "first")
    (run.folder / "best.pt").touch()
    app = open_page("home/start")
    assert primary_buttons(app) == ["Classify pictures"]
    assert "1 run, 1 at work" in texts(app)
    assert "1 trained network to choose from" in texts(app)


def test_the_pages_to_learn_from_are_a_click_away() -> None:
    labels = [button.label for button in open_page("home/start").button]
    learn, look = labels[3:7], labels[7:]
    assert learn == ["Layer math", "Convolution lab", "Architecture", "Challenges"]
    assert look == ["Feature maps", "Filters", "Why this class?"]
