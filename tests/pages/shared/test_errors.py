import pytest
from streamlit.testing.v1 import AppTest


def page_that_raises() -> None:
    from core.errors import RunError
    from pages.shared.errors import errors_shown

    with errors_shown():
        raise RunError("The *file* is gone.", expected="one", found="none", fix="Make it.")


def page_that_fails() -> None:
    from pages.shared.errors import errors_shown

    with errors_shown():
        raise ZeroDivisionError


def page_that_refuses_code() -> None:
    from core.errors import CodeRefused
    from pages.shared.errors import errors_shown

    with errors_shown():
        raise CodeRefused("Conv3d isn't known.", fix="Use Conv2d.", line=12)


def test_user_error_is_said_in_full() -> None:
    app = AppTest.from_function(page_that_raises, default_timeout=30).run()
    assert not app.exception
    said = app.error[0].value
    assert r"The \*file\* is gone" in said
    assert all(part in said for part in ("Expected: one", "Found: none", r"Make it\."))


def test_the_line_of_refused_code_stands_first() -> None:
    app = AppTest.from_function(page_that_refuses_code, default_timeout=30).run()
    assert app.error[0].value.startswith("**Line 12: Conv3d")


def test_other_errors_are_not_swallowed() -> None:
    app = AppTest.from_function(page_that_fails, default_timeout=30).run()
    assert len(app.exception) == 1


@pytest.mark.parametrize("unknown", [ValueError("secret"), KeyError("x")])
def test_last_resort_tells_no_internals(unknown: Exception) -> None:
    def script(error: Exception) -> None:
        from pages.shared.errors import show_uncaught

        assert show_uncaught(error)

    app = AppTest.from_function(script, args=(unknown,), default_timeout=30).run()
    assert not app.exception
    assert "secret" not in app.error[0].value
