from tests.digits import digits, imported_digits
from tests.fine_tuning import few_digits, imported_few_digits
from tests.pages.runs import run, started, trained_folder

__all__ = [
    "digits",
    "few_digits",
    "imported_digits",
    "imported_few_digits",
    "run",
    "started",
    "trained_folder",
]
