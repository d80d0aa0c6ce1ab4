"""How a machine runs a training, in plain words: device, numbers, layout, pieces, what it started from."""

from typing import Any

import pandas as pd
import streamlit as st

from core.errors import WorkbenchError
from core.figures.step_times import step_times_rows, step_times_spec
from core.runs.place import PLACE_FILE
from core.runs.store import Run, open_run
from core.training.device import device_words
from core.training.fine_tune_config import FineTuneConfig
from core.training.run_config import RunConfig, run_config
from core.workspace import Workspace
from pages.shared.caches import dataset_of, split_of
from pages.shared.facts_list import Fact, facts_list
from pages.shared.text import count
from pages.train.fine_tune_facts import fine_tune_facts
from pages.train.run_numbers import numbers_fact

LAYOUTS = {
    True: ("channels last", "the channels of a pixel lie side by side in the memory (NHWC)"),
    False: ("channels first", "one map lies after the other in the memory (NCHW)"),
}


def show_facts(run: Run, workspace: Workspace) -> None:
    """A line a fact, and what was measured as bars; what is not known yet is left out."""
    facts, config = _facts_of(run), run_config(run.config())
    if not facts:
        st.caption("Known as soon as the run has reached its device. Runs of earlier versions don't say.")
        return
    words, measured = st.columns([3, 2], gap="large")
    with words:
        lines = [
            *_machine(facts, config),
            *_pieces(facts, config, workspace),
            *_beginning(facts, config, workspace),
            *(fine_tune_facts(facts) if isinstance(config, FineTuneConfig) else []),
        ]
        st.html(facts_list(lines))
    times = facts.get("milliseconds")
    if isinstance(times, dict):
        with measured:
            _show_times(times, _way(facts))


def _facts_of(run: Run) -> dict[str, Any]:
    """Without those of a cluster where the run has gone on here since."""
    facts = run.facts()
    if (run.folder / PLACE_FILE).exists():
        return facts
    return {name: fact for name, fact in facts.items() if name not in ("node", "processes")}


def _machine(facts: dict[str, Any], config: RunConfig) -> list[Fact]:
    lines: list[Fact] = []
    node, device = facts.get("node"), facts.get("device")
    if node:
        together = f", {_processes(facts)} processes together" if _processes(facts) > 1 else ""
        lines.append(("Carried out", f"on a Ray cluster{together}", f"by the node {node}"))
    if device:
        lines.append(("Device", str(device).upper() if node else device_words(str(device)), ""))
    lines += numbers_fact(facts, config)
    if isinstance(facts.get("channels_last"), bool):
        lines.append(("Layout", *LAYOUTS[facts["channels_last"]]))
    if facts.get("compiled"):
        lines.append(("Compiled", "yes", "by torch.compile, and replayed as CUDA graphs"))
    if config.training.deterministic:
        lines.append(("Kernels", "deterministic", "the same bits each time, on a GPU at some cost in time"))
    if facts.get("threads") and facts.get("device") == "cpu":
        lines.append(("Threads", str(facts["threads"]), ""))
    if version := facts.get("torch"):
        lines.append(("PyTorch", str(version), ""))
    return lines


def _processes(facts: dict[str, Any]) -> int:
    """How many train the network together."""
    found = facts.get("processes")
    return found if isinstance(found, int) else 1


def _pieces(facts: dict[str, Any], config: RunConfig, workspace: Workspace) -> list[Fact]:
    piece, batch = facts.get("piece"), config.training.batch_size
    if not isinstance(piece, int):
        return []
    if piece >= batch:
        shared = ", a part of it in each process" if _processes(facts) > 1 else ""
        return [("Pictures at once", f"{batch:,}", f"the whole batch{shared}")]
    pictures = _pictures_to_learn_from(config, workspace)
    if pictures is not None and piece >= pictures:
        return [("Pictures at once", f"{piece:,}", "all that there are to learn from")]
    words = (
        f"the memory was full: a batch of {batch:,} goes through in {-(-batch // piece)} pieces. Their "
        "gradients add up to those of the whole batch, but batch norm sees a piece at a time"
    )
    return [("Pictures at once", f"{piece:,} of {batch:,}", words)]


def _pictures_to_learn_from(config: RunConfig, workspace: Workspace) -> int | None:
    try:
        dataset = dataset_of(workspace, config.dataset_id)
        rows = split_of(dataset, config.split_id).train
    except WorkbenchError:
        return None
    return sum(dataset.pictures[row].key not in set(config.without) for row in rows)


def _beginning(facts: dict[str, Any], config: RunConfig, workspace: Workspace) -> list[Fact]:
    lines: list[Fact] = []
    if isinstance(config, FineTuneConfig):
        trained = "trained on ImageNet" if config.weights_seed is None else "untrained, drawn at random"
        words = f"the head is new, drawn from seed {config.training.seed}"
        lines.append(("Started from", f"{config.backbone}, {trained}", words))
    elif config.starts_from:
        taken = facts.get("started_from")
        lines.append(("Started from", run_name(workspace, config.starts_from), str(taken) if taken else ""))
    else:
        lines.append(("Started from", "fresh weights", f"drawn from seed {config.training.seed}"))
    if config.without:
        lines.append(
            ("Left out", count(len(config.without), "picture"), "they can't be read from the disk any more")
        )
    return lines


def run_name(workspace: Workspace, run_id: str) -> str:
    """The name of a run that may be gone."""
    try:
        return open_run(workspace.runs, run_id).name
    except WorkbenchError:
        return f"{run_id} (deleted since)"


def _way(facts: dict[str, Any]) -> str:
    """How the chosen way is called among those measured, as core.training.execution says it."""
    compiled = ", compiled" if facts.get("compiled") else ""
    return f"{facts.get('precision')}, channels {'last' if facts.get('channels_last') else 'first'}{compiled}"


def _show_times(times: dict[str, Any], chosen: str) -> None:
    rows = step_times_rows(times, chosen)
    if rows:
        st.vega_lite_chart(pd.DataFrame(rows), step_times_spec(rows), key="step_times", width="stretch")
