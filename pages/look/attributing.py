"""Attributions, each computed once for a browser, a few at a time for all of them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.look.method import Asked
from pages.shared.text import duration

if TYPE_CHECKING:
    from torch import nn

    from core.insight.attribution import Attribution
    from core.insight.subject import Subject

KEPT = 8  # attributions a browser
AT_ONCE = 2  # in the server: each uses all cores, and memory
QUICK = 2e10  # multiply-adds that nobody minds waiting for
LOOK_AGAIN = 0.3  # seconds after which one who waits for a turn hears whether it has come
SEED = 0
RESULTS = "attributions"


def is_quick(subject: Subject, asked: Asked) -> bool:
    """Whether the answer is there, or comes at once."""
    return asked.key in _results() or passes(subject, asked) * subject.walk.macs < QUICK


def passes(subject: Subject, asked: Asked) -> int:
    """Forward passes, a backward one counted as two."""
    from core.insight.attribution import Method
    from core.insight.occlusion import windows_of

    _, height, width = subject.walk.input_shape
    if asked.method is Method.INTEGRATED:
        return 3 * asked.settings.steps
    if asked.method is Method.OCCLUSION:
        return len(windows_of(height, width, asked.settings.window, asked.settings.stride).corners)
    return 3


def attribution_of(subject: Subject, received: np.ndarray, asked: Asked) -> Attribution:
    """What speaks for the class, with a bar while it is computed.

    Raises:
        WorkbenchError: the method can't be shown on this network, or a setting doesn't fit.
    """
    return _once(asked.key, lambda: _attributed(subject, lambda: subject.model, received, asked))


def random_attribution_of(subject: Subject, received: np.ndarray, asked: Asked) -> Attribution:
    """The same with weights drawn at random."""
    from core.insight.randomized import randomized

    def draw() -> nn.Module:
        return randomized(subject.model, SEED, subject.batch([received]))

    return _once(f"random {asked.key}", lambda: _attributed(subject, draw, received, asked))


def _attributed(
    subject: Subject, model: Callable[[], nn.Module], received: np.ndarray, asked: Asked
) -> Attribution:
    from core.insight.attribution import attribute

    place = st.empty()
    try:
        with _turn(place):
            return attribute(
                model(),
                subject.batch([received]),
                asked.target,
                asked.method,
                asked.settings,
                single_logit=subject.single_logit,
                on_progress=_Bar(place),
            )
    finally:
        place.empty()


class _Bar:
    """How far it is, and how long it takes yet. When the user has changed something meanwhile, Streamlit
    ends the script here."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._started = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        left = f", {duration(self._left(done, total))} left" if 0 < done < total else ""
        self._place.progress(done / max(total, 1), text=f"{what}: {done:,} of {total:,}{left}")

    def _left(self, done: int, total: int) -> float:
        return (time.monotonic() - self._started) / done * (total - done)


@contextmanager
def _turn(place: DeltaGenerator) -> Iterator[None]:
    """Wait until few others compute; whoever waits can still change their mind."""
    turns = _turns()
    while not turns.acquire(timeout=LOOK_AGAIN):
        place.progress(0.0, text="Other browsers' maps are computed first.")
    try:
        yield
    finally:
        turns.release()


def _once(key: str, compute: Callable[[], Attribution]) -> Attribution:
    results = _results()
    if key not in results:
        results[key] = compute()
    results.move_to_end(key)
    while len(results) > KEPT:
        results.popitem(last=False)
    return results[key]


def _results() -> OrderedDict[str, Attribution]:
    return st.session_state.setdefault(RESULTS, OrderedDict())


@st.cache_resource(show_spinner=False)
def _turns() -> threading.Semaphore:
    return threading.Semaphore(AT_ONCE)
