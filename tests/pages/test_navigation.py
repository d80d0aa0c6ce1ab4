import re

import pytest

from pages.shared import page
from tests.pages.helper import PROJECT, open_page

TITLES = [
    "Start",
    "Layer math",
    "Convolution lab",
    "Architecture",
    "Challenges",
    "Filters",
    "Feature maps",
    "Attribution",
    "Datasets",
    "Train a CNN",
    "Fine-tune",
    "Features",
    "Tune",
    "Cross-validate",
    "Runs",
    "Compare",
    "Predict",
    "Export",
    "Models from elsewhere",
]


def test_first_page_is_the_start() -> None:
    assert open_page("navigation").title[0].value == "ConvNet Workbench"


@pytest.mark.parametrize(
    "path", [page.START, page.DATASETS, page.TRAIN_CNN, page.RUNS, page.COMPARE, page.PREDICT]
)
def test_every_page_stands_where_it_is_looked_for(path: str) -> None:
    assert (PROJECT / "pages" / path).is_file()


def test_navigation_lists_every_page() -> None:
    source = (PROJECT / "pages" / "navigation.py").read_text()
    titles = re.findall(r'st\.Page\(\s*\w+,\s*title="(.+?)"', source)
    assert titles == TITLES
