"""Which rule stops bad trials early, if any."""

from typing import Any

import streamlit as st

PERCENTILE, HALVING, NEVER = "percentile", "halving", "never"
EARLY = {
    PERCENTILE: "Worse than most at the same epoch",
    HALVING: "Successive halving (ASHA)",
    NEVER: "Never",
}


def choose_early_stopping() -> dict[str, Any]:
    """The settings by their names in `StudyConfig`."""
    rule = st.selectbox(
        "Stop bad trials early",
        list(EARLY),
        format_func=EARLY.get,
        key="tune_early",
        persist_state="session",
    )
    worse_than = halving = None
    if rule == PERCENTILE:
        worse_than = st.slider(
            "Stop a trial that is worse than so many % of trials at the same epoch",
            50,
            95,
            75,
            5,
            key="tune_worse",
            persist_state="session",
        )
    elif rule == HALVING:
        halving = st.slider(
            "One trial of so many goes on at each rung",
            2,
            5,
            3,
            key="tune_halving",
            persist_state="session",
        )
        st.caption(
            f"Rungs are after 1, {halving}, {halving**2}, … epochs; most trials end at the first. For many "
            "long trials."
        )
    return {"worse_than": worse_than, "halving": halving}
