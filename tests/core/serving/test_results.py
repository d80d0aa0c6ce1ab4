import csv
import io

import numpy as np
import pandas as pd
import pytest

from core.data.dataset import Rejected
from core.serving.calibration import calibrated
from core.serving.prediction_set import Answers
from core.serving.results import (
    NONE_OF_THESE,
    Opinion,
    Order,
    Which,
    differ,
    opinion_of,
    ordered,
    part_of,
    top_classes,
)
from core.serving.results_csv import MOST_COLUMNS, results_csv

NAMES = ("b.png", "=1+1.png", 'with "quotes", and a comma.png')
SHARES = np.array([[0.45, 0.55], [0.9, 0.1], [0.2, 0.8]], np.float32)
OPINION = Opinion("Run", ("cat", "dog, wet"), SHARES, np.array([False, False, True]))


def rows(which: Which, **settings) -> list[int]:
    return np.flatnonzero(part_of(OPINION, which, **settings)).tolist()


def test_answers_become_honest_probabilities_and_words() -> None:
    answers = Answers(OPINION.classes, 2.0, np.arange(3), ("",) * 3, SHARES, np.array([1, 2, 3.0]), ())
    opinion = opinion_of("Run", answers, farthest=2.5)
    assert np.array_equal(opinion.probabilities, calibrated(SHARES, 2))
    assert opinion.words == ["dog, wet", "cat", NONE_OF_THESE]
    assert not opinion_of("Run", answers).is_none.any()


def test_parts() -> None:
    assert rows(Which.ALL) == [0, 1, 2]
    assert rows(Which.DOUBT) == [0]
    assert rows(Which.NONE) == [2]
    assert rows(Which.MISTAKES, truths=("dog, wet", "dog, wet", None)) == [1]
    assert rows(Which.LABELLED, labelled=(2,)) == [2]
    assert rows(Which.ALL, label="cat") == [1]
    other = Opinion("Other", OPINION.classes, SHARES[:, ::-1], np.array([False, False, True]))
    assert rows(Which.DIFFERENT, other=other) == [0, 1] == np.flatnonzero(differ(OPINION, other)).tolist()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.GIVEN, [0, 1, 2]),
        (Order.DOUBTFUL, [0, 2, 1]),
        (Order.SUREST, [1, 2, 0]),
        (Order.CLASS, [1, 0, 2]),
        (Order.NAME, [1, 0, 2]),
    ],
)
def test_orders(order: Order, expected: list[int]) -> None:
    assert ordered(OPINION, NAMES, np.arange(3), order).tolist() == expected
    assert ordered(OPINION, NAMES, np.arange(0), order).tolist() == []


def test_top_classes_in_order_and_ties_in_theirs() -> None:
    assert top_classes(np.array([0.1, 0.4, 0.1, 0.4]), 3).tolist() == [1, 3, 0]
    assert top_classes(np.array([0.6, 0.4]), 9).tolist() == [0, 1]


def table_text(*opinions: Opinion) -> str:
    truths = ("cat", None, "dog, wet")
    return results_csv(
        NAMES, opinions, truths, (Rejected("cut\nin two.jpg", "It is cut.", "Copy it again."),)
    )


def test_the_csv_reads_back_in_pandas() -> None:
    other = Opinion("Other", OPINION.classes, SHARES[::-1], np.zeros(3, bool))
    table = pd.read_csv(io.StringIO(table_text(OPINION, other)))
    assert table.columns.tolist() == [
        "file",
        "prediction",
        "probability",
        "prediction (Other)",
        "probability (Other)",
        "true class",
        "p(cat)",
        "p(dog, wet)",
        "problem",
    ]
    assert table["prediction"][:3].tolist() == ["dog, wet", "cat", NONE_OF_THESE]
    assert table["prediction (Other)"][:3].tolist() == ["dog, wet", "cat", "dog, wet"]
    assert np.allclose(table[["p(cat)", "p(dog, wet)"]][:3], SHARES)
    assert table["file"][2] == NAMES[2]
    assert table["problem"][3] == "It is cut. Copy it again."


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    lines = list(csv.reader(io.StringIO(table_text(OPINION))))
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@"))]
    assert lines[2][0] == "'=1+1.png"


def test_of_very_many_classes_the_likeliest_are_named() -> None:
    classes = tuple(f"c{n}" for n in range(MOST_COLUMNS + 1))
    shares = np.full((1, len(classes)), 0.01, np.float32)
    shares[0, 7] = 0.5
    table = pd.read_csv(
        io.StringIO(results_csv(("a",), [Opinion("Run", classes, shares, np.zeros(1, bool))], (None,)))
    )
    assert table["class 1"][0] == "c7"
    assert table["p 1"][0] == 0.5
    assert "p(c7)" not in table.columns
