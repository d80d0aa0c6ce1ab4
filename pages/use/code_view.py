"""A trained network as code that a reader runs."""

import streamlit as st

from core.models.saved_model import Saved, SavedModel
from core.runs.store import Run
from core.serving.calibration import temperature_of
from core.serving.usage_code import core_code, model_code, pytorch_code, state_dict_lines


def show_code(saved: Saved, run: Run) -> None:
    with st.expander("Use this network from Python", icon=":material/code:"):
        st.markdown("**Save and load.** A state dict holds the numbers; the class gives them their places.")
        st.code(state_dict_lines(run.folder))
        if not isinstance(saved, SavedModel):  # a backbone's class is torchvision's, or the project's own
            st.markdown("Run it from the project's folder.")
            st.code(core_code(run.folder))
            return
        plain_pytorch, with_core = st.tabs(["Plain PyTorch", "With this project"])
        with plain_pytorch:
            st.markdown("A whole script: the network, its weights, the same preprocessing, one picture.")
            st.code(pytorch_code(saved, run.folder, temperature_of(run)), height=420)
        with with_core:
            st.markdown("Run it from the project's folder.")
            st.code(core_code(run.folder))


def show_core_code(key: str) -> None:
    """A model that was not trained here."""
    with st.expander("Use this network from Python", icon=":material/code:"):
        st.markdown("Run it from the project's folder.")
        st.code(model_code(key))
