import numpy as np
import pytest

from core.data.report import ClassCount
from core.figures.curves import RunCurves, compared_loss_figure
from core.figures.dataset import class_balance_figure
from core.figures.names import escaped, shortened
from core.figures.probabilities import probability_figure

TAG = "<b>cat</b> & dog"
SHOWN = "&lt;b&gt;cat&lt;/b&gt; &amp; dog"


def test_tags_are_shown_as_they_are() -> None:
    assert escaped(TAG) == SHOWN


@pytest.mark.parametrize(("name", "short"), [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…")])
def test_a_long_name_is_cut_to_its_room(name: str, short: str) -> None:
    assert shortened(name, 4) == short


def test_no_figure_takes_a_name_for_markup() -> None:
    figures = (
        compared_loss_figure([RunCurves(TAG, [{"epoch": 1, "valid_loss": 0.5}])]),
        class_balance_figure([ClassCount(TAG, 2, 1, 1, 0)]),
        probability_figure([TAG, "other"], np.array([0.6, 0.4]), [0, 1]),
    )
    for figure in figures:
        text = figure.to_json().encode().decode("unicode_escape")
        assert SHOWN in text
        assert "<b>cat" not in text
