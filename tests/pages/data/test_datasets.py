"""The datasets page section by section; progress, uploads and cancelling are in the journeys."""

import time
from pathlib import Path

import pytest
from PIL import Image

from core.data.dataset import Dataset, list_datasets, load_dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.splitting import SplitSettings, current_split, make_split, save_split
from core.runs.import_jobs import import_jobs
from core.runs.store import RunState, Status, create_run
from core.workspace import Workspace
from tests.pages.helper import no_exception, open_page, texts


def bring(workspace: Workspace, folder: Path) -> Dataset:
    config = ImportConfig(folder.name, SourceKind.FOLDER, str(folder))
    return import_dataset(workspace, config, on_progress=lambda *_: None, should_stop=lambda: False)


@pytest.fixture
def shapes(workspace: Workspace, tmp_path: Path) -> Dataset:
    """Two classes of distinct pictures, one copy with another label, one broken file."""
    folder = tmp_path / "shapes"
    for label, level in (("bright", 200), ("dark", 20)):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            Image.new("L", (16 + number, 16), level + number).save(folder / label / f"{number}.png")
    (folder / "dark" / "twin.png").write_bytes((folder / "bright" / "0.png").read_bytes())
    (folder / "dark" / "broken_*file*.png").write_bytes(b"nothing")
    return bring(workspace, folder)


def test_empty_workspace_offers_four_ways_in() -> None:
    app = open_page("data/datasets")
    assert [tab.label for tab in app.tabs] == ["Sample digits", "Zip file", "Folder", "Path on the server"]
    assert "Use the sample digits" in [button.label for button in app.button]


def test_report_says_what_is_wrong(shapes: Dataset) -> None:
    app = open_page("data/datasets")
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Pictures"] == "21"
    assert numbers["Left out"] == "1"
    assert numbers["Exact copies"] == "1"
    assert "Conflicting labels" in texts(app)
    rejected = app.dataframe[0].value
    assert list(rejected["File"]) == ["dark/broken_*file*.png"]
    assert rejected["Why"].str.len().min() > 5
    assert rejected["What to do"].str.len().min() > 5


@pytest.mark.parametrize("file", ["manifest.json", "pictures.jsonl", "rejected.jsonl"])
def test_a_damaged_data_set_is_named_and_can_be_deleted(
    workspace: Workspace, shapes: Dataset, file: str
) -> None:
    (shapes.folder / file).write_text("{")
    app = open_page("data/datasets")
    assert file.replace(".", "\\.") in app.error[0].value
    no_exception(app.button(key=f"delete_for_good_{shapes.id}").click().run())
    assert not app.error
    assert not shapes.folder.exists()


@pytest.mark.parametrize("file", ["split.json", "splits"])
def test_a_damaged_split_can_be_made_anew(shapes: Dataset, file: str) -> None:
    damaged = shapes.folder / file
    for path in damaged.iterdir() if damaged.is_dir() else [damaged]:
        path.write_text("{")
    app = open_page("data/datasets")
    assert "damaged" in app.error[0].value
    no_exception(app.button(key="new_split").click().run())
    assert not app.error
    assert current_split(shapes).train


def test_a_damaged_run_does_not_keep_a_data_set_from_being_deleted(
    workspace: Workspace, shapes: Dataset
) -> None:
    for content in ("{", f'{{"dataset_id": "{shapes.id}"}}'):
        create_run(workspace.runs, {}, "run").folder.joinpath("config.json").write_text(content)
    app = open_page("data/datasets", section="Rename or delete")
    (delete,) = [button for button in app.button if button.label == "Delete this data set"]
    no_exception(delete.click().run())
    assert "1 run trained on it" in app.warning[0].value


@pytest.mark.parametrize("file", ["status.json", "config.json"])
def test_the_damaged_record_of_an_import_is_told_and_can_be_dismissed(
    workspace: Workspace, file: str
) -> None:
    job = create_run(workspace.imports, {"kind": "import", "name": "Pets"}, "pets")
    job.write_status(Status(RunState.FAILED))
    (job.folder / file).write_text("{")
    app = open_page("data/datasets")
    assert "record of an import is damaged" in texts(app)
    no_exception(app.button(key=f"dismiss_{job.id}").click().run())
    assert not import_jobs(workspace)


def test_new_split_is_saved_only_on_request(workspace: Workspace, shapes: Dataset) -> None:
    before = current_split(shapes)
    app = open_page("data/datasets", section="Split")
    assert app.button(key="use_split").disabled
    app.slider(key=f"valid_{shapes.id}").set_value(30)
    no_exception(app.run())
    assert not app.button(key="use_split").disabled
    assert current_split(shapes).id == before.id
    app.button(key="use_split").click()
    no_exception(app.run())
    after = current_split(shapes)
    assert after.id != before.id
    assert after.settings.valid == pytest.approx(0.3)


def test_no_shares_within_reach_are_refused(shapes: Dataset) -> None:
    app = open_page("data/datasets", section="Split")
    for valid, test in ((45, 45), (5, 0)):
        app.slider(key=f"valid_{shapes.id}").set_value(valid)
        app.slider(key=f"test_{shapes.id}").set_value(test)
        no_exception(app.run())
        assert not app.error


def test_split_made_in_python_with_other_shares_is_shown(shapes: Dataset) -> None:
    save_split(shapes, make_split(shapes, SplitSettings(valid=0.6, test=0.01)))
    app = open_page("data/datasets", section="Split")
    assert app.slider(key=f"valid_{shapes.id}").value == 45
    assert app.slider(key=f"test_{shapes.id}").value == 1


def test_pictures_of_one_class(shapes: Dataset) -> None:
    app = open_page("data/datasets", section="Pictures")
    app.selectbox(key=f"class_{shapes.id}").set_value("dark")
    no_exception(app.run())
    assert len(app.image) == 1 + 11  # the sample's, and the class's


def test_picture_that_is_gone_is_named(shapes: Dataset) -> None:
    lost = shapes.pictures[0]
    shapes.path(lost).unlink()
    app = open_page("data/datasets", section="Pictures")
    assert lost.name in texts(app).replace("\\", "")


def test_batch_tells_shapes_and_code(shapes: Dataset) -> None:
    app = open_page("data/datasets", section="One batch")
    assert "[B, C, H, W] = [8, 1, 32, 32]" in texts(app)
    assert "[H, W, C] = [32, 32, 1]" in texts(app)
    code = [block.value for block in app.code if "torch" in block.value]
    compile(code[0], "batch", "exec")


def test_rename_and_refuse_an_empty_name(workspace: Workspace, shapes: Dataset) -> None:
    app = open_page("data/datasets", section="Rename or delete")
    app.text_input(key="new_name").set_value("Levels")
    app.button(key="rename").click()
    no_exception(app.run())
    assert list_datasets(workspace)[0].name == "Levels"
    app.text_input(key="new_name").set_value("  ")
    app.button(key="rename").click()
    no_exception(app.run())
    assert "needs a name" in texts(app)


def test_address_chooses_the_data_set(workspace: Workspace, shapes: Dataset, tmp_path: Path) -> None:
    other = bring(workspace, tmp_path / "shapes" / "dark" / "..")
    for dataset in (shapes, other):
        app = open_page("data/datasets", dataset=dataset.id)
        assert app.selectbox[0].value == dataset.id


def test_unknown_and_hostile_addresses_fall_back(shapes: Dataset) -> None:
    for address in ("../../etc", "nope", ""):
        app = open_page("data/datasets", dataset=address)
        assert app.selectbox[0].value == shapes.id
        assert not app.error


def test_damaged_data_set_is_explained(shapes: Dataset) -> None:
    (shapes.folder / "pictures.jsonl").write_text("not json")
    app = open_page("data/datasets")
    assert "pictures.jsonl" in texts(app).replace("\\", "")
    assert "Delete this data set" in texts(app)


@pytest.mark.slow
def test_sample_is_imported_by_a_job(workspace: Workspace) -> None:
    app = open_page("data/datasets")
    app.button(key="sample").click()
    no_exception(app.run())
    assert len(import_jobs(workspace)) == 1
    deadline = time.monotonic() + 60
    while not list_datasets(workspace) and time.monotonic() < deadline:
        time.sleep(0.2)
    while import_jobs(workspace)[0].status().state.is_active and time.monotonic() < deadline:
        time.sleep(0.1)
    no_exception(app.run())
    [digits] = list_datasets(workspace)
    assert app.selectbox[0].value == digits.id
    assert load_dataset(workspace, digits.id).classes == tuple("0123456789")


def test_path_that_is_not_there(workspace: Workspace) -> None:
    app = open_page("data/datasets")
    app.text_input(key="server_path").set_value("/no/such/folder")
    no_exception(app.run())
    app.button(key="import_path").click()
    no_exception(app.run())
    assert "There is nothing at" in texts(app)
    assert not import_jobs(workspace)
