import io
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import pages.use.current_set  # noqa: F401
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset, delete_dataset, list_datasets, load_dataset
from core.data.splitting import current_split
from core.records import to_json
from core.runs.prediction_jobs import prediction_sets
from core.runs.store import Run
from core.runs.worker import work
from core.serving.calibration import calibrated
from core.serving.importing.bring import import_model
from core.serving.importing.request import ModelImport
from core.serving.prediction import load_predictor
from core.serving.prediction_set import give_label
from core.workspace import Workspace
from tests.core.serving.importing.files import averaging
from tests.pages.helper import button, labels, no_exception, open_page, texts
from tests.pages.look.altered import as_single_logit, with_nothing_for
from tests.pages.runs import new_run

PAGE = "use/predict"


def upload(app: AppTest, *files: tuple[str, bytes], way: str = "Files") -> AppTest:
    if way != "Files":
        app = no_exception(app.segmented_control(key="way").set_value(way).run())
    app.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    return no_exception(app.run())


def as_table(app: AppTest) -> AppTest:
    return no_exception(app.segmented_control(key="view").set_value("Table").run())


def results(app: AppTest):
    """The table of all predictions."""
    return next(frame.value for frame in app.dataframe if "Prediction" in frame.value)


def given(app: AppTest) -> str:
    """The caption of the picture that is shown closely."""
    captions = [picture.caption for pictures in app.image for picture in pictures.proto.imgs]
    return next(caption for caption in captions if "as given" in caption).replace("\\", "")


def digit_file(dataset: Dataset, index: int) -> tuple[str, bytes]:
    picture = dataset.pictures[index]
    return picture.name.split("/")[-1], dataset.path(picture).read_bytes()


def named_digit(dataset: Dataset, index: int) -> tuple[str, bytes]:
    """With the folder that is its class."""
    picture = dataset.pictures[index]
    return picture.name, dataset.path(picture).read_bytes()


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.slow
def test_with_nothing_trained_a_backbone_names_two_photos_at_once(workspace: Workspace) -> None:
    app = open_page(PAGE)
    assert "1,000 classes of ImageNet" in texts(app)
    assert "Train one on classes of your own" in labels(app)
    app = no_exception(button(app, "Try two photos").click().run())
    table = results(as_table(app))
    assert dict(zip(table["Picture"], table["Prediction"], strict=True)) == {
        "china.jpg": "palace",
        "flower.jpg": "daisy",
    }


def test_an_untrained_run_is_no_choice(workspace: Workspace, digits: Dataset) -> None:
    new_run(workspace, digits, "Not yet")
    (model,) = [box for box in open_page(PAGE).selectbox if box.label == "Model"]
    assert not any("Not yet" in option for option in model.options)
    assert model.value == "backbone.efficientnet_lite0"


def test_before_any_picture_the_page_says_what_will_happen(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    assert "scaled to 8 x 8 pixels" in texts(app)
    assert "10 classes" in texts(app)


def test_uploads_get_calibrated_numbers_and_bad_files_a_reason(run: Run, digits: Dataset) -> None:
    good = [digit_file(digits, index) for index in (0, 100, 200)]
    app = upload(
        open_page(PAGE, run=run.id), good[0], ("cut.png", good[0][1][:40]), *good[1:], ("a.txt", b"hi")
    )
    rejected = next(frame.value for frame in app.dataframe if "Reason" in frame.value)
    assert rejected["File"].tolist() == ["cut.png", "a.txt"]
    assert rejected["Reason"].all()
    assert rejected["What to do"].all()
    assert "2 files could not be used" in app.warning[0].value
    table = results(as_table(app))
    predictor = load_predictor(run)
    assert predictor.temperature != 1
    expected = calibrated(
        predictor.predict([predictor.read(content) for _, content in good]), predictor.temperature
    )
    assert table["Picture"].tolist() == [name for name, _ in good]
    assert table["Prediction"].tolist() == [predictor.classes[guess] for guess in expected.argmax(1)]
    assert table["Probability"].tolist() == pytest.approx(100 * expected.max(1), abs=1e-3)


def test_a_reload_loses_nothing_and_a_deleted_set_is_told(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 300))
    (pictures,) = prediction_sets(workspace)
    assert app.query_params["set"] == pictures.id
    again = open_page(PAGE, run=run.id, set=pictures.id)
    assert results(as_table(again))["Picture"].tolist() == [digit_file(digits, i)[0] for i in (0, 300)]
    again = no_exception(next(b for b in again.button if b.key == f"drop_{pictures.id}").click().run())
    assert not prediction_sets(workspace)
    assert "Nothing to predict yet" in texts(again)
    assert "is gone" in open_page(PAGE, run=run.id, set=pictures.id).warning[0].value


def test_another_picture_can_be_looked_at(run: Run, digits: Dataset) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 300))
    assert digit_file(digits, 0)[0] in given(app)
    app = no_exception(next(b for b in app.button if b.key == "look_1").click().run())
    assert digit_file(digits, 300)[0] in given(app)


def test_only_bad_files(run: Run) -> None:
    app = upload(open_page(PAGE, run=run.id), ("empty.png", b""))
    assert "1 file could not be used" in app.warning[0].value
    assert not [frame for frame in app.dataframe if "Prediction" in frame.value]


def test_a_hostile_name_is_shown_as_it_is(run: Run, digits: Dataset) -> None:
    name = "../[x](javascript:alert(1)) <b>.png"
    app = upload(open_page(PAGE, run=run.id), (name, digit_file(digits, 0)[1]))
    assert len(results(as_table(app))) == 1


def test_a_photo_of_any_size_and_mode_is_taken(run: Run) -> None:
    photo = io.BytesIO()
    Image.effect_mandelbrot((900, 300), (-2, -1, 1, 1), 20).convert("CMYK").save(photo, "JPEG")
    app = upload(open_page(PAGE, run=run.id), ("photo.jpg", photo.getvalue()))
    assert len(results(as_table(app))) == 1


def test_pictures_of_the_test_split_for_who_has_none(run: Run, digits: Dataset) -> None:
    app = no_exception(button(open_page(PAGE, run=run.id), "Try pictures of the data set").click().run())
    first = results(as_table(app))
    unseen = {digits.pictures[index].name for index in current_split(digits).test}
    assert len(first) == 12
    assert set(first["Picture"]) <= unseen
    assert first["True class"].tolist() == [name.split("/")[0] for name in first["Picture"]]
    assert any(metric.label == "Accuracy" for metric in app.metric)


def test_without_its_data_set_a_run_still_predicts_uploads(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    file = digit_file(digits, 0)
    delete_dataset(workspace, digits.id)
    app = upload(open_page(PAGE, run=run.id), file)
    assert len(results(as_table(app))) == 1
    app = no_exception(app.segmented_control(key="way").set_value("Data set").run())
    assert "There is no data set" in app.error[0].value


@pytest.mark.parametrize("file", ["config.json", "status.json", "metrics.jsonl"])
def test_a_model_still_predicts_when_the_record_of_its_run_is_damaged(
    run: Run, digits: Dataset, file: str
) -> None:
    (run.folder / file).write_bytes(b"{")
    assert len(results(as_table(upload(open_page(PAGE, run=run.id), digit_file(digits, 0))))) == 1


@pytest.mark.parametrize(("file", "words"), [("best.pt", "best\\.pt"), ("model.json", "model\\.json")])
def test_a_damaged_model_is_named(run: Run, file: str, words: str) -> None:
    (run.folder / file).write_bytes(b"{")
    assert words in open_page(PAGE, run=run.id).error[0].value


def test_new_weights_are_loaded_anew(run: Run, digits: Dataset) -> None:
    app = as_table(upload(open_page(PAGE, run=run.id), digit_file(digits, 0)))
    before = results(app)["Probability"][0]
    import torch

    weights = torch.load(run.folder / "best.pt", weights_only=True)
    torch.save({name: value * 0 for name, value in weights.items()}, run.folder / "best.pt")
    after = results(no_exception(app.run()))["Probability"][0]
    assert after == pytest.approx(10)
    assert before > after


def test_the_code_names_this_run(run: Run) -> None:
    code = "\n".join(block.value for block in open_page(PAGE, run=run.id).code)
    assert str(run.folder / "best.pt") in code
    for line in ("torch.save(", "load_state_dict(", "model.eval()"):
        assert line in code


def test_class_folders_in_a_zip_give_accuracy_on_what_the_model_never_saw(run: Run, digits: Dataset) -> None:
    split = current_split(digits)
    rows = [*split.test[:10], *split.train[:5]]
    files = [named_digit(digits, row) for row in rows]
    app = upload(open_page(PAGE, run=run.id), ("mine.zip", zipped(*files)), way="Zip")
    assert "has seen 5 of these 15 pictures" in next(w.value for w in app.warning)
    predictor = load_predictor(run)
    guesses = predictor.predict([predictor.read(content) for _, content in files[:10]]).argmax(1)
    truths = [name.split("/")[0] for name, _ in files[:10]]
    right = sum(predictor.classes[g] == truth for g, truth in zip(guesses, truths, strict=True))
    assert next(m.value for m in app.metric if m.label == "Right") == f"{right} of 10"


def test_a_bad_zip_fails_in_its_job_with_the_reason(
    workspace: Workspace, run: Run, started_sets: list[Run]
) -> None:
    app = upload(open_page(PAGE, run=run.id), ("mine.zip", b"PK no zip"), way="Zip")
    assert work(started_sets[0]) == 1
    app = no_exception(app.run())
    assert "not a whole zip" in app.error[0].value
    assert "Predict them" in labels(app)


@pytest.fixture
def started_sets(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The sets that the page gives to a job; no process is started."""
    runs: list[Run] = []
    monkeypatch.setattr("core.runs.prediction_jobs.launch", runs.append)
    return runs


def test_many_pictures_are_a_job(
    workspace: Workspace, run: Run, digits: Dataset, started_sets: list[Run]
) -> None:
    files = [named_digit(digits, row) for row in range(70)]
    app = upload(open_page(PAGE, run=run.id), *files, way="Folder")
    assert started_sets
    assert not [frame for frame in app.dataframe if "Prediction" in frame.value]
    assert work(started_sets[0]) == 0
    app = as_table(no_exception(app.run()))
    assert len(results(app)) == 70


def test_none_of_these_rejects_photos_and_says_what_it_rests_on(
    workspace: Workspace, run: Run, digits: Dataset, started_sets: list[Run]
) -> None:
    photo = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(photo, "PNG")
    files = [digit_file(digits, current_split(digits).test[0]), ("noise.png", photo.getvalue())]
    app = upload(open_page(PAGE, run=run.id), *files)
    app = no_exception(app.toggle(key="may_reject").set_value(True).run())
    assert work(started_sets[0]) == 0
    app = as_table(no_exception(app.run()))
    validation = len(current_split(digits).valid)
    assert f"of its {validation} validation pictures" in texts(app)
    assert results(app)["Prediction"][1] == "none of these"
    app = no_exception(app.slider(key="reject_percent").set_value(1).run())
    assert "takes 99 validation pictures" in texts(app)
    assert "none of these" not in results(app)["Prediction"].tolist()


def test_two_models_side_by_side(workspace: Workspace, run: Run, digits: Dataset) -> None:
    other = Run(Path(shutil.copytree(run.folder, workspace.runs / "20260101-000000-other-00000000")))
    other.rename("Other")
    with_nothing_for(other, 3, other=0.1)
    app = open_page(PAGE, run=run.id, beside=f"run.{other.id}")
    app = upload(app, *[digit_file(digits, row) for row in range(0, 500, 20)])
    table = results(as_table(app))
    predictors = [load_predictor(each) for each in (run, other)]
    contents = [digit_file(digits, row)[1] for row in range(0, 500, 20)]
    guesses = [
        [p.classes[g] for g in p.predict([p.read(content) for content in contents]).argmax(1)]
        for p in predictors
    ]
    assert [table["Prediction"].tolist(), table["By Other"].tolist()] == guesses
    same = sum(a == b for a, b in zip(*guesses, strict=True))
    assert f"the two agree on {same} " in texts(app)
    app = no_exception(as_table(app).selectbox(key="which").set_value("where they differ").run())
    assert len(results(app)) == len(contents) - same > 0


def test_a_corrected_picture_joins_the_next_version(workspace: Workspace, run: Run, digits: Dataset) -> None:
    picture = io.BytesIO()
    Image.effect_noise((8, 8), 90).save(picture, "PNG")
    app = upload(open_page(PAGE, run=run.id), ("mine.png", picture.getvalue()))
    box = next(each for each in app.selectbox if each.label == "What is it really?")
    app = no_exception(box.set_value("7").run())
    assert "You have labelled 1 picture" in texts(app)
    app = no_exception(button(app, "Make the new version").click().run())
    assert "1 new picture" in app.success[0].value
    new = next(each for each in list_datasets(workspace) if each.id != digits.id)
    assert new.name == "Digits (2)"
    assert load_dataset(workspace, new.id).pictures[-1].label == "7"
    assert load_dataset(workspace, digits.id).pictures == digits.pictures


def test_a_label_that_is_no_class_of_this_model_is_not_counted(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0))
    give_label(prediction_sets(workspace)[0].folder, 0, "wolf")  # given beside another model
    app = as_table(no_exception(app.run()))
    assert "True class" not in results(app)
    assert "You have labelled" not in texts(app)


@pytest.mark.slow
def test_an_onnx_network_answers_and_is_not_looked_into(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(averaging())
    model = import_model(workspace, ModelImport("Net", "net.onnx", str(tmp_path / "net.onnx")))
    app = no_exception(button(open_page(PAGE, model=f"model.{model.id}"), "Try two photos").click().run())
    assert len(results(as_table(app))) == 2
    app = no_exception(app.segmented_control(key="view").set_value("Gallery").run())
    assert not [toggle for toggle in app.toggle if toggle.key == "maps"]


def test_pictures_sorted_into_folders(run: Run, digits: Dataset, workspace: Workspace) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 0))
    app = no_exception(button(app, "Sort into folders").click().run())
    (packed,) = prediction_sets(workspace)[0].folder.glob("sorted-*.zip")
    names = zipfile.ZipFile(packed).namelist()
    assert len(set(names)) == 2
    assert len({Path(name).parent for name in names}) == 1


def test_filters_sorting_and_pages(run: Run, digits: Dataset) -> None:
    files = [digit_file(digits, row) for row in range(0, 500, 10)]
    app = upload(open_page(PAGE, run=run.id), *files)
    assert len([b for b in app.button if str(b.key).startswith("look_")]) == 30
    app = no_exception(app.number_input(key="page").set_value(2).run())
    assert len([b for b in app.button if str(b.key).startswith("look_")]) == 20
    app = as_table(app)
    app = no_exception(app.selectbox(key="order").set_value("most doubtful first").run())
    probabilities = results(app)["Probability"].tolist()
    assert probabilities == sorted(probabilities)
    label = results(app)["Prediction"][0]
    app = no_exception(app.selectbox(key="taken_for").set_value(label).run())
    assert set(results(app)["Prediction"]) == {label}


def test_a_run_that_knows_mirrored_pictures_may_average_over_them(run: Run, digits: Dataset) -> None:
    run.write_config({**run.config(), "augmentation": to_json(Augmentation(horizontal_flip=True))})
    name, content = digit_file(digits, 3)
    app = upload(open_page(PAGE, run=run.id), (name, content))
    app = as_table(no_exception(app.radio(key="looks").set_value("Twice, once mirrored").run()))
    predictor = load_predictor(run)
    received = predictor.read(content)
    both = [predictor.predict([received]), predictor.predict([received[:, ::-1]])]
    expected = calibrated(sum(both) / 2, predictor.temperature)
    assert results(app)["Probability"][0] == pytest.approx(100 * expected.max(), abs=1e-3)


def test_two_classes_by_one_logit(run: Run, digits: Dataset) -> None:
    as_single_logit(run)
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 300))
    assert len(results(as_table(app))) == 2


def test_maps_stand_beside_the_pictures(run: Run, digits: Dataset) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 300))
    before = len(app.image)
    app = no_exception(app.toggle(key="maps").set_value(True).run())
    assert len(app.image) == before + 2


def test_looks_are_offered_only_where_the_run_has_learned_to_see_through_them(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    assert not [each for each in app.radio if each.key == "looks"]
    assert "unchanged pictures only" in texts(app)
