"""What a comparison of routes adds with more runs: fewer pictures to learn from, and other seeds."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.comparison.contender import Contender
from core.comparison.learning_curve import CurvePoint, learning_curve
from core.comparison.route_comparison import Entry
from core.comparison.scores import Score
from core.comparison.seeds import seed_spread
from core.comparison.words import interval_words


def show_seeds(trainings: Sequence[Contender]) -> None:
    """Beside the intervals, which tell what other pictures would change: what another training did."""
    st.subheader("The same with other seeds", anchor=False)
    spreads = seed_spread([(contender.name, contender) for contender in trainings])
    frame = pd.DataFrame(
        [
            [
                spread.route,
                spread.trainings,
                *(interval_words(score, spread.range_of(score)) for score in Score),
            ]
            for spread in spreads
        ],
        columns=["Route", "Trainings", *(f"{score[:1].upper()}{score[1:]}" for score in Score)],
    )
    st.dataframe(frame, hide_index=True, key="seeds")
    st.caption("The mean over the trainings, and in brackets the lowest and the highest of them.")


def curve_of(ended: Sequence[tuple[Entry, Contender]]) -> list[CurvePoint]:
    """Where there are runs on fewer pictures; those of each route on all pictures belong to it."""
    ended = [(entry, contender) for entry, contender in ended if not entry.again]
    if all(entry.share == 1 for entry, _ in ended):
        return []
    key = tuple((entry.run_id, (each.run.folder / "best.pt").stat().st_mtime_ns) for entry, each in ended)
    return _scored_curve(key, ended)


@st.cache_data(max_entries=16, show_spinner=False)
def _scored_curve(
    key: tuple[tuple[str, int], ...], _ended: Sequence[tuple[Entry, Contender]]
) -> list[CurvePoint]:
    return learning_curve([(each.name, entry.share, entry.pictures, each) for entry, each in _ended])
