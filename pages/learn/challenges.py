from contextlib import suppress

import streamlit as st

from core.challenges.catalog import KINDS, exercise
from core.challenges.exercise import Exercise
from core.errors import LayerError
from core.figures.window_picture import window_picture
from pages.learn.challenges_progress import Progress, choose
from pages.shared.drawing import draw
from pages.shared.formulas import written
from pages.shared.page import ASSETS, open_page


def show_task(found: Exercise, number: int, progress: Progress) -> dict[str, int]:
    """The task, its open numbers and the button that checks them; what the numbers are now."""
    st.subheader(f"{number}. {found.title}", anchor=False)
    st.markdown(found.task)
    answer = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for given in found.numbers:
            answer[given.name] = st.number_input(
                given.label,
                given.low,
                given.high,
                given.start,
                key=f"answer_{progress.seed}_{number}_{given.name}",
                persist_state="session",
                width=190,
            )
    with st.container(horizontal=True):
        if st.button("Check", type="primary", icon=":material/check:", key="check"):
            progress.check(number, found, answer)
            st.rerun()
        if number < len(KINDS) and number in progress.solved:
            st.button(
                "Next exercise", icon=":material/arrow_forward:", on_click=progress.go_to, args=(number + 1,)
            )
    return answer


def show_verdict(found: Exercise, answer: dict[str, int]) -> None:
    """What is right or wrong with the numbers that were checked."""
    verdict = found.check(answer)
    if verdict.passed:
        st.success(f"**Right.** {verdict.reason}", icon=":material/check_circle:")
    else:
        st.warning(f"**Not yet.** {verdict.reason}", icon=":material/close:")


def show_picture(found: Exercise, answer: dict[str, int]) -> None:
    """The one layer of an exercise with the numbers that were checked, if it can be built."""
    first, *others = found.layers(answer)
    if not others and (found.check(answer).passed or not found.drawing_tells):
        with suppress(LayerError):
            draw(window_picture(first, found.input_shape), key="picture")


def show_solution(found: Exercise) -> None:
    """The way to one solution, its code, and its formulas."""
    words, code = st.columns(2, gap="large")
    with words:
        values = ", ".join(
            f"{given.label.lower()} **{found.solution[given.name]:,}**" for given in found.numbers
        )
        st.markdown(f"{found.idea}\n\nOne answer: {values}.")
    code.code(found.code(found.solution), wrap_lines=True)
    for row in range(0, len(found.formulas), 2):
        for column, formula in zip(st.columns(2, gap="large"), found.formulas[row : row + 2], strict=False):
            column.markdown(written(formula))


open_page("Challenges", "Ten short exercises: set the open numbers, and see at once whether the layers fit.")
st.html(ASSETS / "challenges.css")
progress = choose()
number, found = progress.number, exercise(progress.seed, progress.number)
left, right = st.columns(2, gap="large")
with left, st.container(border=True):
    answer = show_task(found, number, progress)
    checked = progress.checked.get(number) == answer
    if checked:
        show_verdict(found, answer)
with right:
    st.caption("Your numbers in PyTorch")
    st.code(found.code(answer), wrap_lines=True)
    if checked:
        show_picture(found, answer)
solved = number in progress.solved
opened = st.expander(
    "Worked solution", icon=":material/school:", expanded=solved, key=f"solution_{number}_{solved}"
)
with opened:
    if number in progress.checked:
        show_solution(found)
    else:
        st.markdown("It opens once you have checked an answer.")
