import csv
import io
import re

import numpy as np
import pytest

from core.comparison.contender import contender_of
from core.comparison.report import (
    COST_COLUMNS,
    SCORE_COLUMNS,
    cost_cells,
    report_csv,
    report_html,
    score_cells,
)
from core.comparison.table import ComparisonTable, compare
from core.comparison.verdict import verdict
from core.data.dataset import Dataset
from core.figures.comparison_svg import report_charts
from core.workspace import Workspace
from tests.core.comparison.outcomes import ended_run, right_on

NAMES = ("=1+1", '<script>alert("&")</script>')


@pytest.fixture
def table(workspace: Workspace, digits: Dataset) -> ComparisonTable:
    runs = [
        ended_run(workspace, digits, name, right_on(np.arange(50) < right), np.zeros(50, int))
        for name, right in zip(NAMES, (45, 30), strict=True)
    ]
    return compare([contender_of(run) for run in runs], draws=100)


def test_csv_has_a_line_a_run_and_no_formula(table: ComparisonTable) -> None:
    lines = list(csv.DictReader(io.StringIO(report_csv(table))))
    assert [line["run"] for line in lines] == ["'=1+1", NAMES[1]]
    assert [line["right"] for line in lines] == ["45", "30"]
    first = lines[0]
    assert float(first["accuracy"]) == 0.9
    assert float(first["accuracy low"]) < 0.9 < float(first["accuracy high"])
    assert first["p (McNemar, Holm)"] == ""
    assert float(lines[1]["p (McNemar, Holm)"]) < 0.001
    assert (lines[1]["only the best right"], lines[1]["only this right"]) == ("15", "0")


def test_html_stands_alone_and_escapes_names(table: ComparisonTable) -> None:
    page = report_html(table, "A & B", report_charts(table))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<h1>A &amp; B</h1>" in page
    assert not re.search(r"https?:|src=|url\(|@import|<link", page)
    assert page.count("<svg") == page.count("</svg>") == 5
    assert page.count("<tr>") == 6
    assert verdict(table)[-1].split(";")[0] in page


def test_cells_fill_the_columns(table: ComparisonTable) -> None:
    for row in table.rows:
        assert len(score_cells(row)) == len(SCORE_COLUMNS)
        assert len(cost_cells(row)) == len(COST_COLUMNS)
    best, worse = table.rows
    assert score_cells(best)[1].startswith("90.0 % (")
    assert score_cells(best)[-1] == "the best"
    assert score_cells(worse)[-1] == "< 0.001"
    assert cost_cells(best)[1:] == ["1 s", "–", "100", "100", "1.23 KB", "5 KB"]
