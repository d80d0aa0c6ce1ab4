"""Names from outside, fit for a figure."""


def escaped(name: str) -> str:
    """Plotly reads tags in its texts; a class called <b> is shown as it is."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(name: str, longest: int) -> str:
    """`name` in at most `longest` characters."""
    return name if len(name) <= longest else name[: longest - 1] + "…"
