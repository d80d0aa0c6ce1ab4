"""Which set of exercises and which of the ten is open, what is solved, and the links to share."""

from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

import streamlit as st

from core.challenges.catalog import KINDS, MOST_SEEDS
from core.challenges.exercise import Exercise

FIRST_SEED = 1


@dataclass
class Progress:
    """Of one set: `checked` is the last answer that was checked to an exercise, by its number from 1."""

    seed: int
    number: int = 1
    checked: dict[int, dict[str, int]] = field(default_factory=dict)
    solved: set[int] = field(default_factory=set)

    def check(self, number: int, found: Exercise, answer: dict[str, int]) -> None:
        self.checked[number] = answer
        if found.check(answer).passed:
            self.solved.add(number)

    def go_to(self, number: int) -> None:
        """For callbacks: open another exercise."""
        st.session_state["exercise"] = str(number)


def choose() -> Progress:
    """The row of the ten exercises; the set that the address names, or the first; and the links to both."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="sets"):
        number = st.segmented_control(
            "Exercise",
            [str(number) for number in range(1, len(KINDS) + 1)],
            default="1",
            required=True,
            key="exercise",
            bind="query-params",
            wrap=True,
        )
        seed = st.number_input(
            "Set",
            0,
            MOST_SEEDS,
            FIRST_SEED,
            key="seed",
            bind="query-params",
            width=150,
            help="Another number makes ten other exercises; the same one makes the same for everybody.",
        )
        words = "Ten other exercises"
        st.button("New set", icon=":material/casino:", key="new_set", help=words, on_click=_draw_set)
        sets: dict[int, Progress] = st.session_state.setdefault("challenges", {})
        progress = sets.setdefault(seed, Progress(seed))
        progress.number = int(number or 1)
        _show_share(progress)
    _mark_solved(progress.solved)
    return progress


def _draw_set() -> None:
    st.session_state["seed"] = Random().randint(0, MOST_SEEDS)
    st.session_state["exercise"] = "1"


def _show_share(progress: Progress) -> None:
    """Links that open this exercise, or the set, for somebody else."""
    address = (st.context.url or "").split("?")[0]
    one = urlencode({"seed": progress.seed, "exercise": progress.number})
    with st.popover("Share", icon=":material/share:"):
        st.markdown("Whoever opens the link gets the same numbers.")
        st.caption("This exercise")
        st.code(f"{address}?{one}", language=None, wrap_lines=True)
        st.caption("All ten")
        st.code(f"{address}?{urlencode({'seed': progress.seed})}", language=None, wrap_lines=True)


def _mark_solved(solved: set[int]) -> None:
    """How many of the ten are solved, and a mark on each of them."""
    st.caption(f"{len(solved)} of {len(KINDS)} solved" if solved else "None solved yet.")
    marks = ", ".join(f".st-key-exercise button:nth-of-type({number}) p::after" for number in sorted(solved))
    if marks:
        st.html(f'<style>{marks} {{ content: " ✓"; }}</style>')
