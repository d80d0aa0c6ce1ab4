"""The one way in which a page says that something went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import CodeRefused, WorkbenchError
from pages.shared.text import plain


def show_error(error: WorkbenchError) -> None:
    """What went wrong, both sides of it where there are two, and what to do."""
    line = f"Line {error.line}: " if isinstance(error, CodeRefused) and error.line is not None else ""
    lines = [f"**{line}{plain(error.problem)}**"]
    if error.expected:
        lines.append(f"Expected: {plain(error.expected)}")
    if error.found:
        lines.append(f"Found: {plain(error.found)}")
    lines.append(plain(error.fix))
    st.error("  \n".join(lines), icon=":material/error:")


@contextmanager
def errors_shown() -> Iterator[None]:
    """Run a part of a page; a problem that a user can mend is shown in its place."""
    try:
        yield
    except WorkbenchError as error:
        show_error(error)


def show_uncaught(error: Exception) -> bool:
    """The last resort of a page: what nothing else has caught. Streamlit logs the details."""
    if isinstance(error, WorkbenchError):
        show_error(error)
    else:
        st.error(
            "**This part of the page failed, and it should not have.**  \n"
            "Your data and runs are safe. Reload the page; the details stand in the server's log.",
            icon=":material/error:",
        )
    return True
