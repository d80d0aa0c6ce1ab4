from streamlit.testing.v1 import AppTest

WORDS = {"id-1": "Digits", "id-2": "Digits", "id-3": "Pets"}


def page_with_a_picker(words: dict[str, str]) -> None:
    import streamlit as st

    from pages.shared.pickers import pick

    if planned := st.session_state.pop("planned", None):
        from pages.shared.pickers import choose

        choose("thing", planned)
    st.markdown(pick("Thing", words, key="thing"))


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(page_with_a_picker, args=(WORDS,), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_items_of_one_name_are_told_apart() -> None:
    app = opened()
    assert app.selectbox[0].options == ["Digits", "Digits (2)", "Pets"]
    app.selectbox[0].select_index(1).run()
    assert app.markdown[0].value == "id-2"


def test_address_follows_the_choice_and_the_choice_the_address() -> None:
    app = opened(thing="id-3")
    assert app.markdown[0].value == "id-3"
    app.selectbox[0].select_index(0).run()
    assert app.markdown[0].value == "id-1"
    assert app.query_params["thing"] == "id-1"
    app.query_params["thing"] = "id-2"
    app.run()
    assert app.markdown[0].value == "id-2"


def test_unknown_address_shows_the_first() -> None:
    assert opened(thing="../x").markdown[0].value == "id-1"


def test_a_page_can_choose() -> None:
    app = opened(thing="id-1")
    app.session_state["planned"] = "id-3"
    app.run()
    assert app.markdown[0].value == "id-3"
    app.run()
    assert app.markdown[0].value == "id-3"
