from tests.digits import digits, imported_digits
from tests.pages.runs import run, trained_folder

__all__ = ["digits", "imported_digits", "run", "trained_folder"]
