"""How honest a run's probabilities are, before and after calibration."""

import streamlit as st

from core.comparison.scores import calibration_error, reliability
from core.figures.reliability import calibration_figure
from core.runs.store import Run
from core.serving.calibration import calibrated, calibration_of
from core.training.predictions import Predictions
from pages.shared.text import count

SMALL = 0.05  # a difference from a temperature of 1 that hardly shows


def show_calibration(run: Run, predictions: Predictions, part: str) -> None:
    """The reliability diagram of `predictions`, and the temperature in words; nothing where there is none.

    Raises:
        ModelFileError: the validation predictions are damaged.
    """
    calibration = calibration_of(run)
    if calibration is None or not len(predictions.targets):
        return
    st.markdown("**How sure it may be**")
    before = predictions.probabilities
    after = calibrated(before, calibration.temperature)
    errors = [calibration_error(each, predictions.targets) for each in (before, after)]
    diagram, words = st.columns([6, 5], gap="large")
    figure = calibration_figure(*(reliability(each, predictions.targets) for each in (before, after)))
    diagram.plotly_chart(figure, key=f"calibration_{run.id}_{part}", config={"displayModeBar": False})
    temper = _temper(calibration.temperature)
    with words:
        st.markdown(
            "A network is often too sure of itself, or not sure enough. To divide its logits by one number, "
            "the temperature, sets that right and changes no answer. Fitted on "
            f"{count(calibration.pictures, 'validation picture')}, it is **{calibration.temperature:.2f}**: "
            f"this network is {temper}. Predictions and exports use it."
        )
        st.markdown(
            f"Expected calibration error on these pictures: **{errors[0]:.1%}** before, **{errors[1]:.1%}** "
            "after. That is how far, on average, the share that is right lies from how sure it is.",
            help="In 15 bins of confidence, weighted by their pictures (Guo et al. 2017).",
        )
        if part == "valid":
            st.caption("The temperature was fitted on these very pictures: the test pictures tell more.")


def _temper(temperature: float) -> str:
    if abs(temperature - 1) < SMALL:
        return "about as sure as it may be"
    return "too sure of itself" if temperature > 1 else "not sure enough"
