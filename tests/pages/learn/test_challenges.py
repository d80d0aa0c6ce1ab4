import pytest
from streamlit.testing.v1 import AppTest

from core.challenges.catalog import KINDS, exercise
from core.layers.formulas import output_formulas
from tests.pages.helper import no_exception, open_page, texts

pytestmark = pytest.mark.slow

PAGE = "learn/challenges"
SEED = 7


def give(app: AppTest, number: int, answer: dict[str, int]) -> AppTest:
    """Set the open numbers of an exercise, and check them."""
    for name, value in answer.items():
        app.number_input(key=f"answer_{SEED}_{number}_{name}").set_value(value)
    app.run()
    return no_exception(app.button(key="check").click().run())


def go_to(app: AppTest, number: int) -> AppTest:
    return no_exception(app.segmented_control(key="exercise").set_value(str(number)).run())


def test_an_address_opens_one_exercise_of_a_set() -> None:
    app = open_page(PAGE, seed=str(SEED), exercise="3")
    found = exercise(SEED, 3)
    assert app.subheader[0].value == f"3. {found.title}"
    assert found.task in texts(app)
    assert "It opens once you have checked an answer." in texts(app)


@pytest.mark.parametrize(
    "query",
    [
        {"seed": "x", "exercise": "99"},
        {"seed": "-5", "exercise": "0"},
        {"seed": "9" * 30, "exercise": "<b>"},
        {"seed": "", "exercise": ""},
        {"seed": "1.5"},
        {"seed": "Infinity"},
        {"seed": "-1e999", "exercise": "inf"},
    ],
)
def test_an_address_that_makes_no_sense_opens_the_first_exercise(query: dict[str, str]) -> None:
    app = open_page(PAGE, **query)
    assert app.subheader[0].value == f"1. {KINDS[0].title}"


@pytest.mark.parametrize("number", range(1, len(KINDS) + 1))
def test_the_start_is_wrong_and_the_solution_right(number: int) -> None:
    app = open_page(PAGE, seed=str(SEED), exercise=str(number))
    found = exercise(SEED, number)
    start = {given.name: given.start for given in found.numbers}
    no_exception(app.button(key="check").click().run())
    assert app.warning[0].value == f"**Not yet.** {found.check(start).reason}"
    give(app, number, found.solution)
    assert app.success[0].value == f"**Right.** {found.check(found.solution).reason}"
    assert found.idea in texts(app)
    assert "1 of 10 solved" in texts(app)
    assert [code.value for code in app.code][-1] == found.code(found.solution)


def test_the_worked_solution_shows_its_formulas() -> None:
    found = exercise(SEED, 1)
    app = give(open_page(PAGE, seed=str(SEED)), 1, found.solution)
    (formula,) = output_formulas(found.layers(found.solution)[0], found.input_shape)
    assert f"$${formula.latex}$$" in texts(app)


def test_progress_stays_across_exercises_and_belongs_to_its_set() -> None:
    app = give(open_page(PAGE, seed=str(SEED)), 1, exercise(SEED, 1).solution)
    go_to(app, 2)
    assert not app.success
    give(app, 2, exercise(SEED, 2).solution)
    assert "2 of 10 solved" in texts(app)
    assert app.success
    go_to(app, 1)
    assert app.success  # the numbers that solved it are still there
    no_exception(app.number_input(key="seed").set_value(8).run())
    assert "None solved yet." in texts(app)


def test_a_changed_number_takes_the_verdict_away() -> None:
    app = open_page(PAGE, seed=str(SEED))
    no_exception(app.button(key="check").click().run())
    assert app.warning
    no_exception(app.number_input(key=f"answer_{SEED}_1_padding").set_value(3).run())
    assert not app.warning


def test_the_next_exercise_is_offered_after_the_right_answer() -> None:
    app = open_page(PAGE, seed=str(SEED))
    assert "Next exercise" not in [button.label for button in app.button]
    give(app, 1, exercise(SEED, 1).solution)
    (following,) = (button for button in app.button if button.label == "Next exercise")
    no_exception(following.click().run())
    assert app.subheader[0].value == f"2. {KINDS[1].title}"


def test_a_new_set_begins_with_its_first_exercise() -> None:
    app = open_page(PAGE, seed=str(SEED), exercise="4")
    no_exception(app.button(key="new_set").click().run())
    drawn = app.number_input(key="seed").value
    assert drawn != SEED
    assert exercise(drawn, 1).task in texts(app)


def test_the_links_name_the_exercise_and_the_set() -> None:
    app = open_page(PAGE, seed=str(SEED), exercise="4")
    codes = [code.value for code in app.code]
    assert any(code.endswith(f"?seed={SEED}&exercise=4") for code in codes)
    assert any(code.endswith(f"?seed={SEED}") for code in codes)
