"""Boots one page as a user would see it."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 60


def open_page(page: str, **query: str) -> AppTest:
    """`page` (such as "home/start") after its first run, with `query` in its address."""
    app = AppTest.from_file(str(PROJECT / "pages" / f"{page}.py"), default_timeout=SECONDS)
    for name, value in query.items():
        app.query_params[name] = value
    return no_exception(app.run())


def no_exception(app: AppTest) -> AppTest:
    assert not app.exception, [exception.value for exception in app.exception]
    return app


def texts(app: AppTest) -> str:
    """All words of the page, one block a line."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(str(block.value) for kind in kinds for block in app.get(kind))


def button(app: AppTest, label: str):
    """The first button with that label."""
    return next(button for button in app.button if button.label == label)


def labels(app: AppTest) -> list[str]:
    """Of all buttons, in their order."""
    return [button.label for button in app.button]
