"""What is kept of a run: its files with their sizes and purposes, and how to open it in TensorBoard."""

import shlex
from html import escape

import streamlit as st

from core.models.cnn_walk import walk
from core.models.transfer import state_bytes
from core.runs.kept import Kept, kept_by
from core.runs.store import Run
from core.training.fine_tune_config import FineTuneConfig, Trains
from core.training.run_config import run_config
from core.training.snapshots import snapshot_rule
from pages.shared.text import count, size


def show_kept(run: Run) -> None:
    kept = kept_by(run)
    files, words = st.columns([3, 2], gap="large")
    files.html(_table(kept))
    with words:
        st.markdown(f"**Of single epochs** it keeps {_rule(run)}.")
        st.markdown("**Deleting the run** deletes all of this, and nothing else.")
        if any(each.name == "tensorboard" for each in kept):
            st.markdown("**TensorBoard** opens the curves too, once it is there (`pip install tensorboard`):")
            folder = shlex.quote(str(run.folder / "tensorboard"))
            st.code(f"tensorboard --logdir {folder}", language="bash", wrap_lines=True)


def _rule(run: Run) -> str:
    config = run_config(run.config())
    if isinstance(config, FineTuneConfig):
        if config.trains is Trains.HEAD:
            return "no weights: only the head changes"
        best = run.folder / "best.pt"  # of the whole network, as they are
        return snapshot_rule(config.training.epochs, best.stat().st_size if best.exists() else 0).words
    network = walk(config.cnn, config.preprocessing.shape, config.outputs)
    return snapshot_rule(config.training.epochs, state_bytes(network)).words


def _table(kept: list[Kept]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(_name(each))}</code><small>{escape(each.purpose)}</small></td>"
        f"<td>{size(each.size)}</td></tr>"
        for each in kept
    )
    total = size(sum(each.size for each in kept))
    return (
        '<table class="layers kept"><thead><tr><th>File</th><th>Size</th></tr></thead>'
        f"<tbody>{lines}</tbody><tfoot><tr><td>In all</td><td>{total}</td></tr></tfoot></table>"
    )


def _name(each: Kept) -> str:
    is_folder = each.name in ("snapshots", "tensorboard", "export")
    return f"{each.name}/ ({count(each.files, 'file')})" if is_folder else each.name
