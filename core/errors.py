"""The exceptions that users see: each says what happened and what to do about it."""

from typing import Any


class WorkbenchError(Exception):
    """A problem that a user can cause and can mend.

    `problem` is one sentence on what went wrong, `expected` and `found` name both sides of it where
    there are two, and `fix` is what to do. Pages show all four through one function.
    """

    def __init__(self, problem: str, *, fix: str, expected: str = "", found: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.expected = expected
        self.found = found
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        parts = [self.problem]
        if self.expected:
            parts.append(f"Expected: {self.expected.removesuffix('.')}.")
        if self.found:
            parts.append(f"Found: {self.found.removesuffix('.')}.")
        parts.append(self.fix)
        return " ".join(part for part in parts if part)


def _restore(kind: type[WorkbenchError], args: tuple[Any, ...], state: dict[str, Any]) -> WorkbenchError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigError(WorkbenchError):
    """A setting is outside what can work."""


class LayerError(WorkbenchError):
    """A layer can't be built on the map that reaches it."""


class CodeRefused(WorkbenchError):
    """Pasted code can't be read as a network; `line` is where, counted from 1, or None for all of it."""

    def __init__(
        self, problem: str, *, fix: str, expected: str = "", found: str = "", line: int | None = None
    ) -> None:
        super().__init__(problem, fix=fix, expected=expected, found=found)
        self.line = line


class PictureRejected(WorkbenchError):
    """A file is not a picture that can be used; `problem` is the reason listed beside its name."""


class ImportRefused(WorkbenchError):
    """A folder, upload or archive can't become a data set at all."""


class DatasetError(WorkbenchError):
    """A data set, or a file of one, is missing or damaged."""


class PicturesLost(DatasetError):
    """Pictures that were imported and can't be read any more; `keys` are theirs, to go on without them."""

    def __init__(self, problem: str, *, fix: str, found: str = "", keys: tuple[str, ...] = ()) -> None:
        super().__init__(problem, fix=fix, found=found)
        self.keys = keys


class RunError(WorkbenchError):
    """A run can't be started, found, changed or continued."""


class ModelFileError(WorkbenchError):
    """A saved model can't be read as what it should be."""


class ExportRefused(WorkbenchError):
    """A model can't be handed over: what would leave the app says something else than the app."""


class InsightError(WorkbenchError):
    """What a network does with a picture can't be shown as asked."""


class Cancelled(Exception):
    """The user asked a job to stop; not an error, and never shown as one."""
