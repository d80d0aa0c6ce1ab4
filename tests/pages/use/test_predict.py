import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.runs.store import Run
from core.serving.prediction import load_predictor
from core.workspace import Workspace
from tests.pages.helper import no_exception, open_page, texts
from tests.pages.runs import new_run

PAGE = "use/predict"


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(name, content, "application/octet-stream") for name, content in files])
    return no_exception(app.run())


def results(app: AppTest):
    """The table of all predictions."""
    return next(frame.value for frame in app.dataframe if "Prediction" in frame.value)


def digit_file(dataset: Dataset, index: int) -> tuple[str, bytes]:
    picture = dataset.pictures[index]
    return picture.name.split("/")[-1], dataset.path(picture).read_bytes()


def test_nothing_trained_leads_to_the_data_then_to_the_builder(workspace: Workspace) -> None:
    assert labels(open_page(PAGE)) == ["Bring pictures"]


def test_an_untrained_run_is_no_choice(workspace: Workspace, digits: Dataset) -> None:
    new_run(workspace, digits, "Not yet")
    assert labels(open_page(PAGE)) == ["Design a network"]


def test_before_any_picture_the_page_says_what_will_happen(run: Run) -> None:
    app = open_page(PAGE, run=run.id)
    assert "scaled to 8 x 8 pixels" in texts(app)
    assert "10 classes" in texts(app)


def test_uploads_get_the_predictors_numbers_and_bad_files_a_reason(run: Run, digits: Dataset) -> None:
    good = [digit_file(digits, index) for index in (0, 100, 200)]
    app = upload(
        open_page(PAGE, run=run.id), good[0], ("cut.png", good[0][1][:40]), *good[1:], ("a.txt", b"hi")
    )
    predictor = load_predictor(run)
    expected = predictor.predict([predictor.read(content) for _, content in good])
    table = results(app)
    assert table["Picture"].tolist() == [name for name, _ in good]
    assert table["Prediction"].tolist() == [predictor.classes[guess] for guess in expected.argmax(1)]
    assert table["Probability"].tolist() == pytest.approx(100 * expected.max(1), abs=1e-4)
    rejected = next(frame.value for frame in app.dataframe if "Reason" in frame.value)
    assert rejected["File"].tolist() == ["cut.png", "a.txt"]
    assert rejected["Reason"].all()
    assert rejected["What to do"].all()
    assert "2 files could not be used" in app.warning[0].value


def test_another_picture_can_be_looked_at(run: Run, digits: Dataset) -> None:
    app = upload(open_page(PAGE, run=run.id), digit_file(digits, 0), digit_file(digits, 300))
    picker = next(box for box in app.selectbox if box.label == "Picture")
    assert len(app.image) == 2
    app = no_exception(picker.select_index(1).run())
    guess = results(app)["Prediction"][1]
    assert any(block.value.startswith(f"### {guess} ") for block in app.markdown)


def test_two_files_of_one_name_are_told_apart(run: Run, digits: Dataset) -> None:
    content = digit_file(digits, 0)[1]
    app = upload(open_page(PAGE, run=run.id), ("1.png", content), ("1.png", content))
    picker = next(box for box in app.selectbox if box.label == "Picture")
    assert len(set(picker.options)) == 2


def test_only_bad_files(run: Run) -> None:
    app = upload(open_page(PAGE, run=run.id), ("empty.png", b""))
    assert "1 file could not be used" in app.warning[0].value
    assert not [frame for frame in app.dataframe if "Prediction" in frame.value]


def test_a_hostile_name_is_shown_as_it_is(run: Run, digits: Dataset) -> None:
    name = "../[x](javascript:alert(1)) <b>.png"
    app = upload(open_page(PAGE, run=run.id), (name, digit_file(digits, 0)[1]))
    assert len(results(app)) == 1


def test_a_photo_of_any_size_and_mode_is_taken(run: Run) -> None:
    photo = io.BytesIO()
    Image.effect_mandelbrot((900, 300), (-2, -1, 1, 1), 20).convert("CMYK").save(photo, "JPEG")
    app = upload(open_page(PAGE, run=run.id), ("photo.jpg", photo.getvalue()))
    assert len(results(app)) == 1


def test_pictures_of_the_test_split_for_who_has_none(run: Run, digits: Dataset) -> None:
    app = open_page(PAGE, run=run.id)
    app = no_exception(next(b for b in app.button if b.label == "Try pictures of the data set").click().run())
    first = results(app)["Picture"].tolist()
    unseen = {digits.pictures[index].name for index in current_split(digits).test}
    assert len(first) == 8
    assert set(first) <= unseen
    app = no_exception(next(b for b in app.button if b.label == "Draw others").click().run())
    assert results(app)["Picture"].tolist() != first


def test_without_its_data_set_a_run_still_predicts_uploads(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    file = digit_file(digits, 0)
    delete_dataset(workspace, digits.id)
    app = open_page(PAGE, run=run.id)
    assert len(results(upload(app, file))) == 1
    app = no_exception(app.segmented_control(key="way").set_value("From the data set").run())
    assert "There is no data set" in app.error[0].value


@pytest.mark.parametrize("file", ["config.json", "status.json", "metrics.jsonl"])
def test_a_model_still_predicts_when_the_record_of_its_run_is_damaged(
    run: Run, digits: Dataset, file: str
) -> None:
    (run.folder / file).write_bytes(b"{")
    assert len(results(upload(open_page(PAGE, run=run.id), digit_file(digits, 0)))) == 1


@pytest.mark.parametrize(("file", "words"), [("best.pt", "best\\.pt"), ("model.json", "model\\.json")])
def test_a_damaged_model_is_named(run: Run, file: str, words: str) -> None:
    (run.folder / file).write_bytes(b"{")
    assert words in open_page(PAGE, run=run.id).error[0].value


def test_new_weights_are_loaded_anew(run: Run, digits: Dataset) -> None:
    file = digit_file(digits, 0)
    before = results(upload(open_page(PAGE, run=run.id), file))["Probability"][0]
    import torch

    weights = torch.load(run.folder / "best.pt", weights_only=True)
    torch.save({name: value * 0 for name, value in weights.items()}, run.folder / "best.pt")
    after = results(upload(open_page(PAGE, run=run.id), file))["Probability"][0]
    assert after == pytest.approx(10)
    assert before > after


def test_the_code_names_this_run(run: Run) -> None:
    code = "\n".join(block.value for block in open_page(PAGE, run=run.id).code)
    assert str(run.folder / "best.pt") in code
    for line in ("torch.save(", "load_state_dict(", "model.eval()"):
        assert line in code
