from tests.digits import digits, imported_digits
from tests.pages.runs import run, started, trained_folder

__all__ = ["digits", "imported_digits", "run", "started", "trained_folder"]
