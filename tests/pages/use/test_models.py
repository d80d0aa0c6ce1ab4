"""Models from elsewhere: bringing one in, what is shown of it, and what can be changed."""

import json
import pickle
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import pages.use.bring_model  # noqa: F401
from core.filtering.pictures import Photo, photo_path
from core.models.imported import ImportedModel, list_imported, open_imported
from core.runs.store import Run
from core.runs.worker import work
from core.serving.calibration import calibrated
from core.serving.importing.bring import import_model
from core.serving.importing.request import ModelImport
from core.serving.importing.settings import description_of
from core.serving.model_sources import open_model
from core.workspace import Workspace
from tests.core.serving.importing.files import Trap, averaging, export_zip, small_state, torch_file
from tests.pages.helper import button, labels, no_exception, open_page, texts

PAGE = "use/models"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job is done in this process, as soon as it is started."""

    def do(run: Run) -> None:
        work(run)

    monkeypatch.setattr("core.runs.model_jobs.launch", do)


@pytest.fixture
def imported(workspace: Workspace, tmp_path: Path) -> ImportedModel:
    (tmp_path / "a.zip").write_bytes(export_zip())
    return import_model(workspace, ModelImport("Brought", "a.zip", str(tmp_path / "a.zip")))


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return no_exception(app.run())


def shown(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def test_an_export_comes_in(workspace: Workspace) -> None:
    app = upload(open_page(PAGE), "digits.zip", export_zip())
    assert "An export of this app" in texts(app)
    app = no_exception(button(app, "Bring it in").click().run())
    (model,) = list_imported(workspace)
    assert (model.name, model.origin.file) == ("digits", "digits.zip")
    assert "a zip exported by this app" in shown(app)
    assert "Predict with it" in labels(app)
    assert '"seed": 7' in "".join(block.value for block in app.code)


def test_weights_alone_need_a_network(workspace: Workspace) -> None:
    app = upload(open_page(PAGE), "mine.pt", torch_file(small_state()))
    network = next(box for box in app.selectbox if box.label == "The network")
    app = no_exception(network.select("preset.lenet-5").run())
    app = no_exception(button(app, "Bring it in").click().run())
    assert "was not taken in" in texts(app)
    assert "conv1.weight" in texts(app).replace("\\", "")
    assert list_imported(workspace) == []
    assert "was not taken in" not in texts(no_exception(button(app, "Dismiss").click().run()))


def test_code_is_refused_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    app = upload(open_page(PAGE), "evil.pt", pickle.dumps(Trap(tmp_path / "sprung")))
    app = no_exception(button(app, "Bring it in").click().run())
    assert "holds code: loading it would call" in texts(app).replace("\\", "")
    assert "mkdir" in texts(app)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_other_files_are_refused_at_once(workspace: Workspace, content: bytes) -> None:
    app = upload(open_page(PAGE), "notes.txt", content)
    assert "not a model file" in texts(app)
    assert "Bring it in" not in labels(app)


@pytest.mark.slow
def test_how_pictures_of_an_onnx_network_are_prepared(workspace: Workspace) -> None:
    app = upload(open_page(PAGE), "net.onnx", averaging(shape=("n", 3, "h", "w")))
    app.text_area(key="class_names").set_value("ant\nbee\ncat").run()
    app = no_exception(button(app, "Bring it in").click().run())
    (model,) = list_imported(workspace)
    app.number_input(key=f"h-{model.id}").set_value(64)
    app.selectbox(key=f"values-{model.id}").set_value("−1 to 1")
    app.segmented_control(key=f"order-{model.id}").set_value("BGR")
    no_exception(button(no_exception(app.run()), "Keep this").click().run())
    description = description_of(model)
    assert description.preprocessing.shape == (3, 64, 224)
    assert (description.preprocessing.mean, description.bgr) == ((0.5, 0.5, 0.5), True)
    assert description.classes == ("ant", "bee", "cat")
    assert "Look inside" not in labels(app)


def test_it_is_renamed_and_its_classes_too(workspace: Workspace, imported: ImportedModel) -> None:
    app = open_page(PAGE, brought=imported.id)
    next(area for area in app.text_area if "One a line" in area.label).set_value("x\ny\nz")
    app = no_exception(button(app, "Keep these names").click().run())
    assert description_of(imported).classes == ("x", "y", "z")
    next(box for box in app.text_input if box.label == "Name" and box.value == "Brought").set_value("Better")
    no_exception(button(app, "Rename").click().run())
    assert open_imported(workspace, imported.id).name == "Better"


def test_it_is_deleted(workspace: Workspace, imported: ImportedModel) -> None:
    app = no_exception(button(open_page(PAGE), "Delete").click().run())
    assert list_imported(workspace) == []
    assert "What can be brought" in texts(app)


def test_its_first_answer_is_calibrated_as_on_predict(workspace: Workspace, imported: ImportedModel) -> None:
    (chart,) = open_page(PAGE, brought=imported.id).get("plotly_chart")
    model = open_model(workspace, f"model.{imported.id}")
    shares = model.predict([model.read(photo_path(Photo.CHINA))])
    expected = sorted(calibrated(shares, imported.origin.temperature)[0], reverse=True)
    assert json.loads(chart.proto.spec)["data"][0]["text"] == [f"{share:.1%}" for share in expected]
    assert max(expected) < shares.max()


@pytest.mark.parametrize("file", ["model.json", "best.pt"])
def test_damage_is_told_and_can_be_deleted(workspace: Workspace, imported: ImportedModel, file: str) -> None:
    (imported.folder / file).write_bytes(b"{")
    app = open_page(PAGE)
    assert app.error
    assert "Delete" in labels(app)
