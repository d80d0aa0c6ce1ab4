"""What came out of a run by features and logistic regression: accuracies, the choice of C, and how."""

from typing import Any

import pandas as pd
import streamlit as st

from core.figures.live_curves import number
from core.runs.store import Run, Status
from core.training.config import Precision
from core.training.device import device_words
from pages.shared.facts_list import Fact, facts_list
from pages.shared.live_run import show_accuracy
from pages.shared.text import count, plain, short_time


def show_numbers(run: Run, status: Status) -> None:
    """The accuracies of the regression, and how long all took."""
    facts, records = run.facts(), run.metrics()
    numbers = st.grid(4, min_column_width=130)
    show_accuracy(numbers, run, "valid", "Validation accuracy")
    show_accuracy(numbers, run, "test", "Test accuracy")
    c = number(facts.get("c"))
    chosen = "by cross-validation" if facts.get("tried") else "as set"
    numbers.metric("C", "–" if c is None else f"{c:g}", delta=chosen, delta_color="off", delta_arrow="off")
    found, computed = facts.get("found"), facts.get("computed")
    seconds = sum(number(record.get("seconds")) or 0.0 for record in records)
    were_there = f"{found / (found + computed):.0%} of features found" if found else "features and all"
    numbers.metric(
        "Time",
        short_time(seconds),
        delta=were_there,
        delta_color="off",
        delta_arrow="off",
        help="From the start to the predictions. Features that an earlier run computed were on the disk.",
    )
    for note in facts.get("notes", []):
        st.warning(plain(str(note)), icon=":material/info:")
    show_others(facts, status)


def show_others(facts: dict[str, Any], status: Status) -> None:
    """Other classifiers on the same features, in a line."""
    others = [each for each in facts.get("compared", []) if isinstance(each, dict)]
    accuracy = number(status.result.get("best_accuracy"))
    if not others or accuracy is None:
        return
    words = " · ".join(f"{plain(str(each['name']))} {each['accuracy']:.1%}" for each in others)
    fewer = min(int(each["trained_on"]) for each in others)
    st.caption(
        f"On the validation pictures: **logistic regression {accuracy:.1%}**; for comparison, on the same "
        f"features: {words}.",
        help="The nearest neighbours are the most similar training pictures, which vote; the linear SVM has "
        f"the same C. They learned from {count(fewer, 'training picture')}.",
    )


def show_search(run: Run) -> None:
    """Every C that was tried."""
    facts = run.facts()
    tried = [each for each in facts.get("tried", []) if isinstance(each, dict)]
    if not tried:
        st.caption("C was set, so none was tried.")
        return
    table = pd.DataFrame(tried)
    table["accuracy"] *= 100
    table["chosen"] = ["least log loss" if c == facts.get("c") else "" for c in table["c"]]
    st.dataframe(
        table,
        hide_index=True,
        width="content",
        column_config={
            "c": st.column_config.NumberColumn("C", format="%g"),
            "accuracy": st.column_config.NumberColumn("Accuracy", format="%.1f %%"),
            "loss": st.column_config.NumberColumn("Log loss", format="%.4f"),
            "chosen": st.column_config.TextColumn("Chosen", width="medium"),
        },
    )
    st.caption(
        f"Means over {facts.get('folds')} folds of the training pictures: each fold is looked at by what "
        "learned from the others, with a scaler of its own."
    )


def show_how(run: Run) -> None:
    """How the machine did it, a line a fact."""
    facts = run.facts()
    if "features" not in facts:
        st.caption("Known as soon as the features are there.")
        return
    st.html(facts_list(_lines(facts)))


def _lines(facts: dict[str, Any]) -> list[Fact]:
    lines: list[Fact] = [("Device", device_words(str(facts.get("device"))), "")]
    lines.append(("Features", f"{facts['features']:,} numbers a picture", "what the head would receive"))
    lines.append(("Precision", str(facts.get("precision")), _why(facts)))
    if (rate := number(facts.get("extraction_seconds"))) and facts.get("computed"):
        speed = f"in {short_time(rate)}: {facts['computed'] / rate:,.0f} pictures a second"
        lines.append(("Computed", count(int(facts["computed"]), "picture"), speed))
    if facts.get("found"):
        lines.append(("Found", count(int(facts["found"]), "picture"), "on the disk, from runs before"))
    if (difference := number(facts.get("difference"))) is not None:
        words = (
            "largest difference between a probability of this run and one of the model as it is saved, which "
            "computes in float32"
        )
        lines.append(("Saved model", f"{difference:.1e}", words))
    return lines


def _why(facts: dict[str, Any]) -> str:
    """Why these numbers."""
    times, cosine = facts.get("milliseconds"), number(facts.get("cosine"))
    if not isinstance(times, dict) or cosine is None or len(times) < 2:
        return "bfloat16 doesn't work with this backbone here"
    long, short = times[Precision.FLOAT32], times[Precision.BFLOAT16]
    measured = (
        f"{facts.get('sample')} pictures took {long:,.0f} ms in float32 and {short:,.0f} ms in bfloat16; "
        f"the cosine between the features is at least {cosine:.5f}"
    )
    if facts.get("precision") == Precision.BFLOAT16:
        return f"Measured: {measured}"
    return f"Measured: {measured}: too different, or too little gained"
