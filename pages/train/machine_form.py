"""How the machine computes a training: numbers, and what only a GPU offers."""

import streamlit as st

from core.training.config import Precision
from core.training.device import visible_devices

PRECISIONS = {
    Precision.AUTO: "measure and take the faster",
    Precision.FLOAT32: "float32",
    Precision.BFLOAT16: "bfloat16",
}


def choose_machine() -> dict:
    """The settings by their names in TrainingConfig."""
    settings = {
        "precision": st.selectbox(
            "Precision",
            list(PRECISIONS),
            format_func=PRECISIONS.get,
            key="precision",
            persist_state="session",
            help="bfloat16 has the range of float32 in half the bits, with about 3 decimal digits instead of "
            "7. Some processors compute in it at twice the speed, others only imitate it, slowly. Weights "
            "and validation stay in float32. Measuring takes a few seconds, once for each network.",
        )
    }
    if visible_devices()[0].name.startswith("cuda"):
        settings |= _gpu_options()
    return settings


def _gpu_options() -> dict:
    return {
        "deterministic": st.toggle(
            "Deterministic kernels",
            key="deterministic",
            persist_state="session",
            help="The same settings give the same bits each time, at some cost in speed.",
        ),
        "compiled": st.toggle(
            "Compile the network",
            key="compiled",
            persist_state="session",
            help="torch.compile with CUDA graphs: a minute more before the first batch, then faster steps.",
        ),
    }
