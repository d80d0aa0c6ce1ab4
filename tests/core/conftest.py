from tests.digits import digits, imported_digits
from tests.fine_tuning import few_digits, imported_few_digits

__all__ = ["digits", "few_digits", "imported_digits", "imported_few_digits"]
