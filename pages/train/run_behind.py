"""What is behind the curves of a run: where its time goes, speed, memory, gradients, learning rate."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.figures.behind_curves import (
    GRADIENT,
    QUANTITIES,
    Quantity,
    has_times,
    quantity_rows,
    quantity_spec,
    time_rows,
    time_spec,
)
from core.figures.live_curves import Record
from core.runs.store import Run, Status
from pages.shared.live_run import planned_epochs

BAR = ["epoch", "part", "left", "right", "below", "above", "seconds", "share"]


def show_behind(run: Run, status: Status, records: list) -> None:
    """Charts that grow with every epoch; what a run of an earlier version has no numbers for is left out."""
    epochs = planned_epochs(run, status, records)
    fresh = status.state.is_active and not records  # all will come
    timed = fresh or has_times(records)
    quantities = [each for each in QUANTITIES if fresh or quantity_rows(records, each)]
    if not timed and not quantities:
        st.caption("No epoch has been finished yet: the charts begin with the first one.")
        return
    if timed:
        time, rest = st.columns([9, 11], gap="medium")
        with time, st.container(key="time_chart_room"):
            rows = pd.DataFrame(time_rows(records, epochs), columns=BAR)
            st.vega_lite_chart(rows, time_spec(epochs), key="time_chart", width="stretch")
    else:
        rest = st.container()
        rest.caption("This run was made before gradients, memory and the parts of an epoch were recorded.")
    clip = run.config().get("training", {}).get("gradient_clip")
    with rest:
        for place, quantity in zip(_places(len(quantities)), quantities, strict=True):
            _show_quantity(place, quantity, records, epochs, clip if quantity is GRADIENT else None)


def _places(number: int) -> list:
    """Two charts side by side."""
    rows = [st.columns(2) for _ in range(-(-number // 2))]
    return [place for row in rows for place in row][:number]


def _show_quantity(
    place, quantity: Quantity, records: Sequence[Record], epochs: int, bound: float | None
) -> None:
    points = pd.DataFrame(quantity_rows(records, quantity), columns=["epoch", "value"])
    with place.container(key=f"{quantity.key}_room"):
        spec = quantity_spec(quantity, epochs, bound=bound)
        st.vega_lite_chart(points, spec, key=f"{quantity.key}_chart", width="stretch")
