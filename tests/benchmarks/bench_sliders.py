"""From a key press on a slider to the new figure, side by side with a bare Streamlit page of a slider and a
plotly figure: python -m tests.benchmarks.bench_sliders [PRESSES [NAME ...]].

The time runs in the browser, from the key's event to the frame after which all of a page's figures show
something else than before. The pages take turns, so that other work on the machine troubles all alike.
"""

import math
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.journeys.browser import chromium, new_page, settle, visit
from tests.journeys.server import PROJECT, serve

BARE = """
import plotly.graph_objects as go
import streamlit as st

value = st.slider("Value", 1, 256, 12)
figure = go.Figure(go.Bar(y=[value * place % 17 for place in range(16)]))
figure.update_layout(title=f"Value {value}")
st.plotly_chart(figure, key="figure")
"""
TURN = 10  # presses of one page before the next page's turn
WARM_UP = 3
BETWEEN = 150  # milliseconds of rest after a figure stands


@dataclass(frozen=True)
class Case:
    """A page to measure. Each of `figures` is JavaScript for what a figure says now: it must change with
    every press, and be empty while the figure is gone. `inside(name)` is the content of a component."""

    name: str
    address: str  # behind the host
    slider: str  # its label
    figures: tuple[str, ...]
    script: Path = PROJECT / "app.py"


TITLE = "document.querySelector('.gtitle')?.textContent"
ARCHITECTURE = (
    "inside('network-drawing')?.querySelector('svg.volumes')?.ariaLabel",
    "document.querySelector('dl.totals')?.textContent",
)
CASES = (
    Case(
        "Layer math",
        "layer-math",
        "Input size",
        (
            "inside('picture')?.querySelector('svg')?.ariaLabel",
            "inside('sweep_chart')?.querySelector('.now-words')?.textContent",
            "document.querySelector('p.shapes')?.textContent",
        ),
    ),
    Case(
        "Convolution lab",
        "convolution-lab",
        "Picture size",
        ("inside('lab')?.querySelector('.maps')?.textContent",),
    ),
    Case("Architecture", "architecture?picture_side=64", "Picture size", ARCHITECTURE),
    Case(
        "Architecture, pasted",
        "architecture?network_source=Paste+code&picture_side=100",
        "Picture size",
        ARCHITECTURE,
    ),
)
# Watches the figures of a page; `pressed` holds the milliseconds of the last press once they stand.
WATCH = """(figures) => {
  const inside = (key) => {
    const place = document.querySelector(`.st-key-${key}`);
    return [...(place?.querySelectorAll("*") ?? [])].find((part) => part.shadowRoot)?.shadowRoot ?? place;
  };
  const read = eval(`(inside) => [${figures.join(",")}]`);
  addEventListener("keydown", (event) => {
    const began = event.timeStamp, before = read(inside);
    const look = () => {
      const now = read(inside);
      if (now.every((words, place) => words && words !== before[place])) {
        requestAnimationFrame(() => { window.pressed = performance.now() - began; });
      } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true });
}"""


def press(page: Page, case: Case, key: str = "ArrowRight") -> float:
    """Milliseconds from one press to the figures that follow from it."""
    page.get_by_role("slider", name=case.slider).first.focus()
    page.evaluate("window.pressed = null")
    page.keyboard.press(key)
    page.wait_for_function("window.pressed !== null")
    milliseconds = page.evaluate("window.pressed")
    settle(page)
    page.wait_for_timeout(BETWEEN)
    return milliseconds


def measure(cases: list[Case], presses: int) -> dict[str, list[float]]:
    """Milliseconds of each of `presses` for each case."""
    found: dict[str, list[float]] = {case.name: [] for case in cases}
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory()))
        browser = open_things.enter_context(chromium())
        pages = {}
        for place, script in enumerate(dict.fromkeys(case.script for case in cases)):
            server = open_things.enter_context(serve(folder / str(place), script))
            for case in (case for case in cases if case.script == script):
                pages[case.name] = page = open_things.enter_context(new_page(browser))
                visit(page, f"{server.url}/{case.address}")
                page.evaluate(WATCH, list(case.figures))
        for turn in range(math.ceil(presses / TURN)):
            for case in cases:
                page = pages[case.name]
                page.bring_to_front()
                for _ in range(WARM_UP):
                    press(page, case)
                count = min(TURN, presses - turn * TURN)
                found[case.name] += [press(page, case) for _ in range(count)]
    return found


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def report(found: dict[str, list[float]]) -> None:
    print(f"{'milliseconds':<22}{'p50':>8}{'p95':>8}{'ratio of p95':>16}")
    bare = percentile(next(iter(found.values())), 0.95)
    for name, values in found.items():
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print(f"{name:<22}{p50:>8.0f}{p95:>8.0f}{p95 / bare:>16.2f}")


def main(presses: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        bare = Case("bare slider + plotly", "", "Value", (TITLE,), script)
        report(measure([bare, *(case for case in CASES if not names or case.name in names)], presses))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60, sys.argv[2:])
