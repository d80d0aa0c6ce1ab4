import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.dataset import Dataset, Rejected
from core.records import to_json
from core.runs.store import create_run
from core.serving import picture_files
from core.serving.picture_files import (
    FilePredictions,
    PictureFile,
    predict_files,
    predictions_csv,
    top_classes,
)
from core.serving.prediction import Predictor, load_predictor
from core.training.cnn_run import train_cnn
from core.workspace import Workspace
from tests.digits import small_run


@pytest.fixture
def predictor(workspace: Workspace, digits: Dataset) -> Predictor:
    config = small_run(digits, epochs=1)
    run = create_run(workspace.runs, to_json(config), config.name)
    train_cnn(workspace, config, run.folder)
    return load_predictor(run)


def test_bad_files_are_named_and_the_others_predicted(predictor: Predictor, digits: Dataset) -> None:
    good = [digits.path(picture) for picture in digits.pictures[:3]]
    files = [
        PictureFile("a.png", good[0]),
        PictureFile("empty.png", b""),
        PictureFile("b.png", io.BytesIO(good[1].read_bytes())),
        PictureFile("notes.txt", b"hello"),
        PictureFile("gone.png", Path("/no/such/file.png")),
        PictureFile("c.png", good[2].read_bytes()),
    ]
    result = predict_files(predictor, files)
    assert result.names == ("a.png", "b.png", "c.png")
    assert result.positions == (0, 2, 5)
    expected = predictor.predict([predictor.read(file) for file in good])
    assert np.array_equal(result.probabilities, expected)
    assert all(pixels.shape == (*predictor.preprocessing.shape[1:], 1) for pixels in result.received)
    assert [file.name for file in result.rejected] == ["empty.png", "notes.txt", "gone.png"]
    assert all(file.reason and file.fix and file.fix not in file.reason for file in result.rejected)


def test_nothing_but_bad_files(predictor: Predictor) -> None:
    result = predict_files(predictor, [PictureFile("x", b"")])
    assert result.names == ()
    assert result.probabilities.shape == (0, 10)
    assert len(result.rejected) == 1


def test_files_beyond_the_limit_are_named(
    predictor: Predictor, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "MOST_FILES", 2)
    path = digits.path(digits.pictures[0])
    result = predict_files(predictor, [PictureFile(f"{n}.png", path) for n in range(4)])
    assert result.names == ("0.png", "1.png")
    assert [file.name for file in result.rejected] == ["2.png", "3.png"]


def example() -> FilePredictions:
    return FilePredictions(
        classes=("cat", "dog, wet"),
        names=("=1+1.png", 'with "quotes", and a comma.png'),
        positions=(0, 1),
        received=(),
        probabilities=np.array([[0.25, 0.75], [0.9, 0.1]], np.float32),
        rejected=(Rejected("cut\nin two.jpg", "It is cut.", "Copy it again."),),
    )


def test_the_csv_reads_back_in_pandas() -> None:
    table = pd.read_csv(io.StringIO(predictions_csv(example())))
    assert list(table.columns) == ["file", "prediction", "probability", "p(cat)", "p(dog, wet)", "problem"]
    assert list(table["prediction"][:2]) == ["dog, wet", "cat"]
    assert np.allclose(table[["p(cat)", "p(dog, wet)"]][:2].sum(axis=1), 1)
    assert np.allclose(table["probability"][:2], [0.75, 0.9])
    assert table["file"][1] == 'with "quotes", and a comma.png'
    assert table["problem"][2] == "It is cut. Copy it again."


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(predictions_csv(example()))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert rows[1][0] == "'=1+1.png"


def test_top_classes_in_order_and_ties_in_theirs() -> None:
    assert top_classes(np.array([0.1, 0.4, 0.1, 0.4]), 3).tolist() == [1, 3, 0]
    assert top_classes(np.array([0.6, 0.4]), 9).tolist() == [0, 1]
