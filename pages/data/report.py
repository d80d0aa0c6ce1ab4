"""What came in: balance, sizes, copies, and every file that was left out."""

from collections.abc import Iterable

import streamlit as st

from core.data.dataset import Dataset, Rejected
from core.data.report import CopyGroup, DatasetReport, describe
from core.data.splitting import Split
from core.figures.dataset import class_balance_figure, picture_sizes_figure
from core.workspace import Workspace
from pages.shared.text import count, plain, size, when

CHART = {"displayModeBar": False}
MODES = "As stored in the files: L is grey, RGB colour, A transparency, P a palette."
IMBALANCED = 3.0  # largest to smallest class, from which class weights are worth a word


def show_report(workspace: Workspace, dataset: Dataset, split: Split) -> None:
    report = describe(dataset, split)
    _numbers(dataset, report)
    for note in dataset.notes:
        st.info(plain(note), icon=":material/info:")
    if report.leaks or report.conflicts:
        _copies_that_harm(report)
    chart, facts = st.columns([3, 2], gap="large")
    with chart:
        st.plotly_chart(class_balance_figure(report.classes), config=CHART, key="class_balance")
        if report.imbalance >= IMBALANCED:
            st.caption(
                f"The largest class is {report.imbalance:.1f} times the smallest: accuracy alone flatters. "
                "Class weights, on the training page, balance the loss."
            )
        st.markdown(f"**Formats:** {_listed(report.formats)}")
        st.markdown(f"**Colour modes:** {_listed(report.modes)}", help=MODES)
    with facts:
        _sizes(report)
    _rejected(dataset)
    _copies(dataset, report)
    st.caption(f"From {plain(dataset.source)}, {when(dataset.created)}.")


def show_rejected(rejected: Iterable[Rejected]) -> None:
    """Every file that was left out, why, and what would mend it."""
    rows = [{"File": r.name, "Why": r.reason, "What to do": r.fix} for r in rejected]
    st.dataframe(rows, hide_index=True, column_config={"Why": st.column_config.TextColumn(width="large")})


def _numbers(dataset: Dataset, report: DatasetReport) -> None:
    copies = sum(len(group.indices) - 1 for group in report.copies)
    on_disk = {picture.key: picture.bytes for picture in dataset.pictures}
    numbers = (
        ("Pictures", f"{len(dataset.pictures):,}"),
        ("Classes", f"{len(dataset.classes):,}"),
        ("Left out", f"{len(dataset.rejected):,}"),
        ("Exact copies", f"{copies:,}"),
        ("On disk", size(sum(on_disk.values()))),
    )
    with st.container(horizontal=True):
        for label, value in numbers:
            st.metric(label, value, border=True, width="stretch")


def _sizes(report: DatasetReport) -> None:
    if len(report.sizes) == 1:
        only = report.sizes[0]
        st.markdown(f"**Picture sizes**  \nAll are {only.width:,} x {only.height:,} pixels.")
    else:
        st.plotly_chart(picture_sizes_figure(report.sizes), config=CHART, key="picture_sizes")


def _listed(counts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{plain(name)} {number:,}" for name, number in counts)


def _rejected(dataset: Dataset) -> None:
    if not dataset.rejected:
        st.markdown(":green[:material/check_circle:] No file was left out.")
        return
    st.subheader(f"{count(len(dataset.rejected), 'file')} left out", anchor=False)
    show_rejected(dataset.rejected)


def _copies_that_harm(report: DatasetReport) -> None:
    if report.leaks:
        st.warning(
            f"**Leakage:** {count(len(report.leaks), 'picture')} came on several sides of the given split. "
            "All copies now stand on one side, so that the test stays honest.",
            icon=":material/call_split:",
        )
    if report.conflicts:
        st.warning(
            f"**Conflicting labels:** {count(len(report.conflicts), 'picture')} came in more than one class. "
            "One of the labels must be wrong; the copies are listed below.",
            icon=":material/label_off:",
        )


def _copies(dataset: Dataset, report: DatasetReport) -> None:
    if not report.copies:
        return
    with st.expander(f"{count(len(report.copies), 'picture')} with exact copies"):
        st.dataframe([_copy_row(dataset, group) for group in report.copies], hide_index=True)


def _copy_row(dataset: Dataset, group: CopyGroup) -> dict[str, str]:
    return {
        "Files": ", ".join(dataset.pictures[i].name for i in group.indices),
        "Classes": ", ".join(group.labels),
        "Given split": ", ".join(group.given_splits),
    }
