"""A training run as it goes, without a click: state, progress, curves, log, and what can be done about it."""

import contextlib

import pandas as pd
import streamlit as st

from core.errors import ModelFileError, WorkbenchError
from core.figures.live_curves import accuracy_spec, best_epoch, curve_rows, loss_spec
from core.runs.launcher import launch, request_stop
from core.runs.store import Run, RunState, Status
from core.training.metrics import accuracy_interval
from core.training.predictions import load_predictions
from pages.shared.errors import errors_shown, show_error
from pages.shared.run_state import situation, state_badge
from pages.shared.text import duration, plain

POLL = 1.0  # seconds


def live_run(run: Run) -> None:
    """How `run` goes; while it is at work this part updates itself, and at its end the whole page."""
    with errors_shown():
        is_active = run.status().state.is_active
        st.fragment(_show, run_every=POLL if is_active else None)(run, is_active)


def _show(run: Run, was_active: bool) -> None:
    with errors_shown():
        status = run.status()
        if was_active and not status.state.is_active:
            st.rerun()
        records = run.metrics()
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                state_badge(status.state)
                st.caption(situation(status, len(records)))
            _show_action(run, status, len(records))
        if status.state in (RunState.FAILED, RunState.LOST):
            show_error(WorkbenchError(status.message or "The run ended without a word.", fix=status.fix))
        if status.state.is_active:
            _show_progress(status)
        _show_numbers(run, status, records)
        if records or status.state.is_active:
            _show_curves(run, status, records)
        with st.expander("Log", icon=":material/notes:"):
            st.code(run.log() or "The worker has not said anything yet.", language=None, height=260)


def _show_curves(run: Run, status: Status, records: list) -> None:
    epochs = max(status.epochs or _planned_epochs(run), len(records))
    charts = {"loss": loss_spec(epochs), "accuracy": accuracy_spec(epochs)}
    for place, (quantity, spec) in zip(st.columns(2), charts.items(), strict=True):
        points = pd.DataFrame(curve_rows(records, quantity), columns=["epoch", "part", "value", "best"])
        with place.container(key=f"{quantity}_curves"):
            st.vega_lite_chart(points, spec, key=f"{quantity}_chart", width="stretch")


def _show_action(run: Run, status: Status, finished_epochs: int) -> None:
    """The one thing to do in this state."""
    if status.state in (RunState.QUEUED, RunState.RUNNING, RunState.STOPPING):
        stopping = status.state is RunState.STOPPING
        st.button(
            "Stopping" if stopping else "Stop",
            key=f"stop_{run.id}",
            icon=":material/stop:",
            disabled=stopping,
            on_click=request_stop,
            args=(run,),
        )
    elif status.state is not RunState.FINISHED:
        label, words = "Try again", "Start it once more."
        if finished_epochs:
            label, words = "Go on", "Start it again from its last finished epoch."
        icon = ":material/play_arrow:"
        if st.button(label, key=f"go_on_{run.id}", icon=icon, type="primary", help=words):
            launch(run)
            st.rerun()


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


def _show_numbers(run: Run, status: Status, records: list) -> None:
    best = best_epoch(records)
    numbers = st.grid(4, min_column_width=150)
    if status.state.is_active:
        share = "–" if best is None else f"{best.get('valid_accuracy', 0):.1%}"
        numbers.metric("Best validation accuracy", share)
        numbers.metric("Best epoch", "–" if best is None else str(best["epoch"]))
        rate = status.pictures_per_second
        numbers.metric("Pictures a second", "–" if rate is None else f"{rate:,.0f}")
        numbers.metric("Time of an epoch", duration(records[-1].get("seconds", 0)) if records else "–")
    elif best is not None:
        _show_accuracy(numbers, run, "valid", "Validation accuracy")
        _show_accuracy(numbers, run, "test", "Test accuracy")
        numbers.metric("Best epoch", f"{best['epoch']} of {len(records)}")
        numbers.metric("Time in epochs", duration(sum(record.get("seconds", 0) for record in records)))


def _show_accuracy(place, run: Run, part: str, label: str) -> None:
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


def _planned_epochs(run: Run) -> int:
    training = run.config().get("training")
    epochs = training.get("epochs") if isinstance(training, dict) else None
    return epochs if isinstance(epochs, int) else 1
