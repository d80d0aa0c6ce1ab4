"""An exception that ended a run, as a sentence with the cause and what to do."""

from dataclasses import dataclass, replace

from core.errors import RunError, WorkbenchError
from core.faults import is_disk_full, is_out_of_memory


@dataclass(frozen=True)
class Failure:
    """`cause` is the name of the exception."""

    message: str
    fix: str
    cause: str = ""


class FailedElsewhere(RunError):
    """What ended a run on another machine; `cause` is the name of the exception there."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, fix=failure.fix)
        self.cause = failure.cause


def explain_failure(error: BaseException) -> Failure:
    """The cause of `error` in a sentence, and the way out."""
    if isinstance(error, FailedElsewhere):
        return Failure(error.problem, error.fix, error.cause)
    return replace(_explained(error), cause=type(error).__name__)


def _explained(error: BaseException) -> Failure:
    if isinstance(error, WorkbenchError):
        return Failure(str(error).removesuffix(error.fix).strip(), error.fix)
    if is_out_of_memory(error):
        return Failure(
            "The device ran out of memory.",
            "Choose a smaller batch, smaller pictures or fewer filters, or close other programs.",
        )
    if is_disk_full(error):
        return Failure("The disk is full.", "Free some space, then go on from the last checkpoint.")
    if isinstance(error, FileNotFoundError):
        return Failure(
            f"A file is gone: {error.filename}.", "It was deleted while the run was at work. Start a new run."
        )
    if isinstance(error, PermissionError):
        return Failure(f"A file may not be used: {error.filename}.", "Give this user the right to it.")
    return Failure(
        f"An unexpected error ended the run: {type(error).__name__}: {error}",
        "The log has the details; please report them.",
    )
