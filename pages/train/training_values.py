"""The values that the sliders of a training stop at."""

import streamlit as st

RATES = [float(f"{m}e{e}") for e in range(-5, 0) for m in (1, 2, 5)] + [1.0]
DECAYS = [0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
BATCHES = [2**n for n in range(13)]


def with_odd(key: str, usual: list) -> list:
    """The `usual` values of the slider `key`, and those odd ones that a run brought in."""
    odd = st.session_state.setdefault(f"{key}_odd", set())
    if (value := st.session_state.get(key)) is not None:
        odd |= {value} - set(usual)
    return sorted({*usual, *odd})
