"""Attributions, each computed once for a browser, a few at a time for all of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.look.method import Asked

if TYPE_CHECKING:
    from core.insight.attribution import Attribution
    from core.insight.subject import Subject

KEPT = 8  # attributions a browser
AT_ONCE = 2  # in the server: each uses all cores, and memory
QUICK = 2e10  # multiply-adds that nobody minds waiting for
SEED = 0
RESULTS = "attributions"


def is_quick(subject: Subject, asked: Asked) -> bool:
    """Whether the answer is there, or comes at once."""
    return asked.key in _results() or _passes(subject, asked) * subject.walk.macs < QUICK


def attribution_of(subject: Subject, received: np.ndarray, asked: Asked) -> Attribution:
    """What speaks for the class, with a bar while it is computed.

    Raises:
        WorkbenchError: the method can't be shown on this network, or a setting doesn't fit.
    """
    return _once(asked.key, lambda: _attributed(subject, subject.model, received, asked))


def random_attribution_of(subject: Subject, received: np.ndarray, asked: Asked) -> Attribution:
    """The same with weights drawn at random."""
    from core.insight.randomized import randomized

    def compute() -> Attribution:
        model = randomized(subject.model, SEED, subject.batch([received]))
        return _attributed(subject, model, received, asked)

    return _once(f"random {asked.key}", compute)


def _attributed(subject: Subject, model, received: np.ndarray, asked: Asked) -> Attribution:
    from core.insight.attribution import attribute

    bar = st.empty()

    def tell(done: int, total: int, what: str) -> None:
        """When the user has changed something meanwhile, Streamlit ends the script here."""
        bar.progress(done / max(total, 1), text=f"{what}: {done:,} of {total:,}")

    with _turns():
        found = attribute(
            model,
            subject.batch([received]),
            asked.target,
            asked.method,
            asked.settings,
            single_logit=subject.single_logit,
            on_progress=tell,
        )
    bar.empty()
    return found


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


def _passes(subject: Subject, asked: Asked) -> int:
    """Forward passes, a backward one counted as two."""
    from core.insight.attribution import Method
    from core.insight.occlusion import windows_of

    _, height, width = subject.walk.input_shape
    if asked.method is Method.INTEGRATED:
        return 3 * asked.settings.steps
    if asked.method is Method.OCCLUSION:
        return len(windows_of(height, width, asked.settings.window, asked.settings.stride).corners)
    return 3


@st.cache_resource(show_spinner=False)
def _turns() -> threading.Semaphore:
    return threading.Semaphore(AT_ONCE)
