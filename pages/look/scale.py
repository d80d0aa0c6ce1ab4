"""One colour scale for all pictures, or each its own."""

import streamlit as st

SHARED, OWN = "one for all", "each its own"


def choose_scale(key: str) -> bool:
    """Whether all pictures share one scale."""
    st.session_state.setdefault(f"scale-{key}", SHARED)
    chosen = st.segmented_control(
        "Colour scale",
        [SHARED, OWN],
        required=True,
        key=f"scale-{key}",
        help="On one scale, colours can be compared from picture to picture. With a scale of its own, each "
        "shows its details, however small they are: the range under it says how small.",
    )
    return chosen == SHARED
