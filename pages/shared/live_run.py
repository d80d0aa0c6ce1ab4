"""A training run as it goes, without a click: state, progress, curves, and what can be done about it."""

import contextlib
from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.errors import ModelFileError
from core.figures.live_curves import accuracy_spec, best_epoch, curve_rows, loss_spec
from core.runs.place import place_of
from core.runs.store import Run, RunState, Status
from core.training.metrics import accuracy_interval
from core.training.predictions import load_predictions
from core.workspace import Workspace
from pages.shared.errors import errors_shown
from pages.shared.run_actions import show_action, show_ending
from pages.shared.run_state import situation, state_badge
from pages.shared.text import duration, plain, short_time

POLL = 1.0  # seconds

Records = list[dict]
Below = Callable[[Run, Status, Records], None]


def live_run(run: Run, workspace: Workspace, below: Below) -> None:
    """How `run` goes, with `below` under its curves; updates itself, and at the run's end the whole page."""
    with errors_shown():
        is_active = run.status().state.is_active
        st.fragment(_show, run_every=POLL if is_active else None)(run, workspace, below, is_active)


def planned_epochs(run: Run, status: Status, records: Records) -> int:
    """How many epochs the axes of the curves have room for."""
    training = run.config().get("training")
    epochs = training.get("epochs") if isinstance(training, dict) else None
    return max(epochs if isinstance(epochs, int) else status.epochs, len(records), 1)


def _show(run: Run, workspace: Workspace, below: Below, was_active: bool) -> None:
    with errors_shown():
        status = run.status()
        if was_active and not status.state.is_active:
            st.rerun()
        records = run.metrics()
        under_way = status.state.is_active or status.state is RunState.PAUSED
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                state_badge(status.state)
                with errors_shown():
                    st.caption(situation(status, len(records), place_of(run)))
            show_action(run, status, len(records))
        show_ending(run, status, workspace)
        if under_way:
            _show_progress(status)
        _show_numbers(run, status, records, under_way)
        if records or under_way:
            _show_curves(run, status, records)
        below(run, status, records)


def _show_curves(run: Run, status: Status, records: Records) -> None:
    epochs = planned_epochs(run, status, records)
    charts = {"loss": loss_spec(epochs), "accuracy": accuracy_spec(epochs)}
    for place, (quantity, spec) in zip(st.columns(2), charts.items(), strict=True):
        points = pd.DataFrame(curve_rows(records, quantity), columns=["epoch", "part", "value", "best"])
        with place.container(key=f"{quantity}_curves"):
            st.vega_lite_chart(points, spec, key=f"{quantity}_chart", width="stretch")


def _show_progress(status: Status) -> None:
    """Two bars that keep their place: the whole run, and what is at work now."""
    part = status.done / status.total if status.total else 0.0
    training = status.what == "training"
    whole = (max(status.epoch - 1, 0) + (part if training else 0)) / max(status.epochs, 1)
    is_known = status.seconds_left is not None and status.state is RunState.RUNNING
    left = f" · about {duration(status.seconds_left)} left" if is_known else ""
    epoch = f"Epoch {status.epoch} of {status.epochs}" if status.epoch else "Before the first epoch"
    now = "Batch" if training else (status.what.capitalize() or "Starting")
    amount = f" {status.done:,} of {status.total:,}" if status.total else ""
    st.progress(min(whole, 1.0), text=f"**{epoch}**{left}")
    st.progress(min(part, 1.0), text=f"{plain(now)}{amount}")


def _show_numbers(run: Run, status: Status, records: Records, under_way: bool) -> None:
    best = best_epoch(records)
    numbers = st.grid(4, min_column_width=150)
    if under_way:
        share = "–" if best is None else f"{best.get('valid_accuracy', 0):.1%}"
        numbers.metric("Best validation accuracy", share)
        numbers.metric("Best epoch", "–" if best is None else str(best["epoch"]))
        rate = status.pictures_per_second
        numbers.metric("Pictures a second", "–" if rate is None else f"{rate:,.0f}")
        numbers.metric("Time of an epoch", short_time(records[-1].get("seconds", 0)) if records else "–")
    elif best is not None:
        show_accuracy(numbers, run, "valid", "Validation accuracy")
        show_accuracy(numbers, run, "test", "Test accuracy")
        numbers.metric("Best epoch", f"{best['epoch']} of {len(records)}")
        numbers.metric("Time in epochs", short_time(sum(record.get("seconds", 0) for record in records)))


def show_accuracy(place, run: Run, part: str, label: str) -> None:
    """The accuracy of the best weights, and between what it lies with a certainty of 95 %."""
    predictions = None
    with contextlib.suppress(ModelFileError):  # the results below name the file
        predictions = load_predictions(run.folder, part)
    if predictions is None or not len(predictions.targets):
        place.metric(label, "–")
        return
    correct, total = int((predictions.predicted == predictions.targets).sum()), len(predictions.targets)
    low, high = accuracy_interval(correct, total)
    place.metric(
        label,
        f"{correct / total:.1%}",
        delta=f"{low:.1%} to {high:.1%}",
        delta_color="off",
        delta_arrow="off",
        help=f"{correct:,} of {total:,} pictures are right. With this many pictures, the true accuracy lies "
        "in the range below the number with a certainty of 95 % (Wilson's interval).",
    )
