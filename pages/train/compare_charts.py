"""The charts of a comparison: scores with intervals, accuracy against time, calibration, learning curve."""

from collections.abc import Sequence

import streamlit as st

from core.comparison.learning_curve import CurvePoint
from core.comparison.scores import Score
from core.comparison.table import ComparisonTable
from core.figures.comparison import (
    Scored,
    learning_curve_figure,
    score_figure,
    time_figure,
)
from core.figures.reliability import reliability_figure
from pages.shared.text import numbered

CHART = {"displayModeBar": False}


def show_charts(table: ComparisonTable, curve: Sequence[CurvePoint]) -> None:
    names = numbered(row.name for row in table.rows)

    def scored(score: Score) -> list[Scored]:
        rows = zip(names, table.rows, strict=True)
        return [Scored(name, row.scores[score], row.costs.seconds) for name, row in rows]

    left, right = st.columns(2, gap="large")
    with left:
        score = _pick_score()
        st.plotly_chart(score_figure(scored(score), score), key="scores", config=CHART)
    with right:
        st.plotly_chart(time_figure(scored(Score.ACCURACY)), key="times", config=CHART)
    left, right = st.columns(2, gap="large")
    with left:
        place = st.selectbox("Calibration of", range(len(names)), format_func=names.__getitem__)
        figure = reliability_figure(names[place], table.rows[place].reliability)
        st.plotly_chart(figure, key="reliability", config=CHART)
    if curve:
        with right:
            figure = learning_curve_figure(curve, Score.ACCURACY)
            st.plotly_chart(figure, key="learning_curve", config=CHART)


def _pick_score() -> Score:
    labels = {score: f"{score[:1].upper()}{score[1:]}" for score in Score}
    return st.selectbox("Score", list(Score), format_func=labels.__getitem__, key="score")
