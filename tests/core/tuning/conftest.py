from tests.digits import digits, imported_digits

__all__ = ["digits", "imported_digits"]
