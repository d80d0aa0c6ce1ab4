"""A finished export: what its check has found, and the zip; or why there is none."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.comparison.words import PART_WORDS
from core.runs.store import Run
from core.serving.export.report import MOST_DIFFERENCE, CheckedForm, ExportReport, export_folder, export_of
from pages.shared.job import show_end
from pages.shared.text import count, plain, size, when


def show_export(run: Run) -> None:
    """The export as it lies in the run's folder; before there is one, what will happen."""
    report = export_of(run)
    if report is None:
        with st.container(border=True):
            st.markdown(
                "**Nothing exported yet**, or the model has changed since. An export takes about a minute. "
                "Before it is offered, pictures that the network has not learned from go through the app and "
                "through each exported form in a process of its own: all have to say the same."
            )
        return
    pictures = f"{count(report.pictures, PART_WORDS[report.part] + ' picture')}"
    changed = max(form.changed for form in report.forms)
    labels = "no label changed" if not changed else f"{count(changed, 'label')} changed"
    st.success(
        f"**Checked on {pictures}: {labels}.** Exported {when(report.made)}.", icon=":material/verified:"
    )
    st.dataframe(_table(report), hide_index=True)
    file = export_folder(run) / report.file
    st.download_button(
        f"Download the zip ({size(report.size)})",
        lambda: file.open("rb"),
        file_name=report.file,
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    st.caption(_words(report, file))


def show_failure(run: Run, job: Run | None) -> None:
    """Why the last export failed, with what it said; nothing where it didn't, or where one came after it.

    One that still has its stop file was ended while PyTorch wrote the network, and could not say so.
    """
    if job is None or job.stop_file.exists() or not (status := job.status()).message:
        return
    report = export_of(run)
    if report is not None and report.made > (status.finished or 0.0):
        return
    show_end(status)
    with st.expander("Log of the export", icon=":material/article:"):
        st.code(job.log() or "It said nothing.", language=None, wrap_lines=True)


def _table(report: ExportReport) -> pd.DataFrame:
    lines = [
        (form.file, size(form.size), f"{form.difference:.1e}" if form.script else "0", _verdict(form))
        for form in report.forms
    ]
    return pd.DataFrame(lines, columns=["Form", "Size", "Greatest difference", "Verdict"])


def _verdict(form: CheckedForm) -> str:
    if not form.script:
        return "the same weights"
    return f"{count(form.changed, 'label')} changed: a tie" if form.changed else "says the same"


def _words(report: ExportReport, file: Path) -> str:
    words = [
        f"Greatest difference: of any probability from the app's. More than {MOST_DIFFERENCE:g} is refused.",
        f"The zip lies in {plain(str(file))} until the run is deleted or the model changes.",
    ]
    if report.left_out:
        words.insert(0, f"There is no ONNX file. {report.left_out}")
    return "  \n".join(words)
