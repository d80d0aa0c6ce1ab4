import io
import threading
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import core.serving.prediction_set as set_module
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.errors import Cancelled, ImportRefused
from core.serving.familiarity import Familiarity, distance
from core.serving.predicting import predict_set
from core.serving.prediction import Predictor, load_predictor
from core.serving.prediction_set import (
    ZIP,
    Answers,
    Asked,
    folder_labels,
    give_label,
    given_labels,
    left_out,
    load_answers,
    names_of,
    number_of,
    picture_path,
    stage_files,
    unpack,
)
from core.serving.views import Looks, Views
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]

ASKED = Asked("run.x", "1")


@pytest.fixture
def predictor(run) -> Predictor:
    return load_predictor(run)


def staged(folder: Path, files: Sequence[tuple[str, bytes]]) -> Path:
    folder.mkdir(exist_ok=True)
    stage_files(folder, [(name, io.BytesIO(content)) for name, content in files])
    return folder


def digit(dataset: Dataset, row: int) -> tuple[str, bytes]:
    picture = dataset.pictures[row]
    return picture.name, dataset.path(picture).read_bytes()


def zip_of(folder: Path, files: Sequence[tuple[str, bytes]], **settings) -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / ZIP, "w", **settings) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return folder


def nothing(done: int, total: int, what: str) -> None:
    """A progress that nobody watches."""


def test_bad_files_are_named_and_the_others_predicted(
    predictor: Predictor, digits: Dataset, tmp_path: Path
) -> None:
    good = [digit(digits, row) for row in (0, 100, 200)]
    files = [good[0], ("empty.png", b""), good[1], ("notes.txt", b"hello"), good[2], (".DS_Store", b"x")]
    answers = predict_set(staged(tmp_path / "set", files), ASKED, predictor)
    assert answers.positions.tolist() == [0, 2, 4]
    expected = predictor.predict([predictor.read(content) for _, content in good])
    assert answers.probabilities == pytest.approx(expected, abs=1e-6)
    assert answers.keys == tuple(digits.pictures[row].key for row in (0, 100, 200))
    assert [file.name for file in answers.rejected] == ["empty.png", "notes.txt"]
    assert all(file.reason and file.fix and file.fix not in file.reason for file in answers.rejected)
    assert answers.temperature == predictor.temperature


def test_answers_are_kept_for_what_was_asked_and_a_damaged_file_counts_as_none(
    predictor: Predictor, digits: Dataset, tmp_path: Path
) -> None:
    folder = staged(tmp_path / "set", [digit(digits, 0)])
    answers = predict_set(folder, ASKED, predictor)
    kept = load_answers(folder, ASKED)
    assert isinstance(kept, Answers)
    assert np.array_equal(kept.probabilities, answers.probabilities)
    assert (kept.classes, kept.keys, kept.rejected) == (answers.classes, answers.keys, answers.rejected)
    for other in (Asked("run.y", "1"), Asked("run.x", "2"), Asked("run.x", "1", Looks(Views.MIRRORED))):
        assert load_answers(folder, other) is None
    (file,) = folder.glob("answers-*.npz")
    file.write_bytes(file.read_bytes()[:50])
    assert load_answers(folder, ASKED) is None


def test_views_are_averaged_and_the_distance_is_that_of_the_picture_itself(
    predictor: Predictor, digits: Dataset, tmp_path: Path
) -> None:
    pictures = [digit(digits, row) for row in range(3)]
    received = [predictor.read(content) for _, content in pictures]
    folder = staged(tmp_path / "set", pictures)
    known = np.zeros((1, 64), np.float32)
    asked = Asked("run.x", "1", Looks(Views.MIRRORED), distances=True)
    answers = predict_set(folder, asked, predictor, Familiarity(known, known[:, 0]))
    both = [predictor.predict(received), predictor.predict([each[:, ::-1] for each in received])]
    assert answers.probabilities == pytest.approx(np.mean(both, axis=0), abs=1e-6)
    _, features = predictor.predict_with_features(received)
    assert answers.distances == pytest.approx(distance(features, known), abs=1e-4)
    random = Asked("run.x", "1", Looks(Views.RANDOM, Augmentation(rotation=20)))
    assert predict_set(folder, random, predictor).probabilities.sum(1) == pytest.approx(1, abs=1e-5)


def test_it_reports_and_a_stop_keeps_nothing(predictor: Predictor, digits: Dataset, tmp_path: Path) -> None:
    folder = staged(tmp_path / "set", [digit(digits, row) for row in range(20)])
    heard: list[tuple[int, int, str]] = []
    predict_set(folder, ASKED, predictor, on_progress=lambda *words: heard.append(words))
    assert heard[0] == (0, 20, "predicting")
    assert heard[-1] == (20, 20, "predicting")
    other = Asked("run.x", "2")
    threads = threading.active_count()
    with pytest.raises(Cancelled):
        predict_set(folder, other, predictor, should_stop=lambda: True)
    assert load_answers(folder, other) is None
    assert threading.active_count() <= threads


def test_a_zip_is_unpacked_once_under_numbers_and_litter_is_left_out(digits: Dataset, tmp_path: Path) -> None:
    name, content = digit(digits, 0)
    files = [
        (f"mine/{name}", content),
        ("__MACOSX/._x.png", b"x"),
        ("../../out.png", content),
        ("Thumbs.db", b""),
    ]
    folder = zip_of(tmp_path / "set", files)
    assert number_of(folder) == 4
    unpack(folder, on_progress=nothing)
    assert names_of(folder) == [f"mine/{name}", "../../out.png"]
    assert number_of(folder) == 2
    assert picture_path(folder, 1).read_bytes() == content
    assert not list(tmp_path.parent.rglob("out.png"))
    assert not (folder / ZIP).exists()
    unpack(folder, on_progress=nothing)
    assert len(names_of(folder)) == 2


def test_what_of_a_zip_can_not_be_unpacked_is_named(digits: Dataset, tmp_path: Path) -> None:
    name, content = digit(digits, 0)
    folder = zip_of(tmp_path / "set", [("a.png", content), (name, content)])
    packed = bytearray((folder / ZIP).read_bytes())
    packed[packed.index(content) + 40] ^= 255
    (folder / ZIP).write_bytes(packed)
    unpack(folder, on_progress=nothing)
    assert names_of(folder) == [name]
    assert [each.name for each in left_out(folder)] == ["a.png"]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: (folder / ZIP).write_bytes(b"PK\x03\x04 no zip"),
        lambda folder: zip_of(folder, []),
        lambda folder: zip_of(folder, [("Thumbs.db", b"x")]),
        lambda folder: zip_of(folder, [("a.png", bytes(40_000_000))], compression=zipfile.ZIP_DEFLATED),
    ],
    ids=["no zip", "empty", "litter", "bomb"],
)
def test_a_zip_with_nothing_in_it_is_refused(make: Callable[[Path], object], tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    make(folder)
    with pytest.raises(ImportRefused):
        unpack(folder, on_progress=nothing)


def test_no_picture_and_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_module, "MOST_PICTURES", 2)
    with pytest.raises(ImportRefused, match="no file"):
        staged(tmp_path / "none", [(".DS_Store", b"")])
    with pytest.raises(ImportRefused, match="too many"):
        staged(tmp_path / "many", [(f"{n}.png", b"x") for n in range(3)])


def test_labels_of_folders_are_those_that_the_model_knows() -> None:
    names = ["mine/cat/1.png", "mine/cat/2.png", "mine/dog/sub/3.png", "mine/horse/4.png", "5.png"]
    assert folder_labels(names, ("cat", "dog")) == ["cat", "cat", "dog", None, None]
    assert folder_labels(["test/cat/1.png", "train/dog/2.png"], ("cat", "dog")) == ["cat", "dog"]
    assert folder_labels(["photos/1.png", "photos/2.png"], ("cat",)) == [None, None]


def test_a_given_label_is_kept_changed_and_taken_back(tmp_path: Path) -> None:
    give_label(tmp_path, 3, "cat")
    give_label(tmp_path, 4, "dog")
    give_label(tmp_path, 3, "dog")
    assert given_labels(tmp_path) == {3: "dog", 4: "dog"}
    give_label(tmp_path, 4, None)
    assert given_labels(tmp_path) == {3: "dog"}
    (tmp_path / "labels.json").write_text("[")
    assert given_labels(tmp_path) == {}
