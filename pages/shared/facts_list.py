"""Facts as a list in two columns: what, its value, and in small what that means."""

from collections.abc import Iterable
from html import escape

Fact = tuple[str, str, str]


def facts_list(facts: Iterable[Fact]) -> str:
    """HTML for `st.html`."""
    lines = (
        f"<dt>{escape(what)}</dt><dd>{escape(value)}{f'<small>{escape(more)}</small>' if more else ''}</dd>"
        for what, value, more in facts
    )
    return f'<dl class="how">{"".join(lines)}</dl>'
