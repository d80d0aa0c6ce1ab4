"""What is large and stays in memory between two runs of a page's script: one a browser, and few in all."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

MOST_MODELS = 4

Value = TypeVar("Value")


class Held(Generic[Value]):
    """At most `most` values, by their keys. A session that takes another one lets go of the one before."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, Value] = OrderedDict()
        self._taken: dict[str, str] = {}  # the key that each session took last
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def take(self, key: str, make: Callable[[], Value], *, session: str | None = None) -> Value:
        """The value of `key`, made if it is not there; what no session has taken is given up first."""
        with self._lock:
            self._taken[session or _session()] = key
            wanted = set(self._taken.values())
            for other in [other for other in self._values if other not in wanted]:
                del self._values[other]
            while len(self._values) >= self._most and key not in self._values:
                self._values.popitem(last=False)
            if key not in self._values:
                self._values[key] = make()
            self._values.move_to_end(key)
            return self._values[key]


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


@st.cache_resource(show_spinner=False)
def held_models() -> Held[Any]:
    """The networks of all pages: a browser that goes from one page to the next still holds one."""
    return Held(MOST_MODELS)
