"""A Ray cluster of two nodes on this machine, and the machine itself.

python -m tests.benchmarks.bench_cluster

The same study by Ax, one trial at a time, here and there: the same values? One training by two processes: the
same curve? And what a run takes there.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from core.data.dataset import Dataset
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.launcher import launch
from core.runs.place import Place, put_at
from core.runs.store import Run, RunState, create_run, is_active
from core.training.config import CnnRunConfig, Precision
from core.tuning.parameters import Choice, Range
from core.tuning.space import Space
from core.tuning.studies import start_study
from core.tuning.study_config import StudyConfig
from core.tuning.trials import load_trials
from core.workspace import Workspace, open_workspace
from tests.core.cluster.ray_nodes import Nodes
from tests.digits import import_folder, small_run, write_digits

TRIALS = 8  # of which Ax's model chooses the last three
SPACE = Space((Range("learning_rate", 1e-4, 1e-1, log=True), Choice("batch_size", (16, 32, 64))))
PLAIN = CnnConfig((ConvBlock(8), ConvBlock(16)))


def ended(run: Run) -> Run:
    while is_active(run):
        time.sleep(0.05)
    if run.status().state is not RunState.FINISHED:
        raise RuntimeError(run.log())
    return run


def study(workspace: Workspace, digits: Dataset, place: Place | None) -> list[dict]:
    base = small_run(digits, epochs=2, precision=Precision.FLOAT32)
    config = StudyConfig("Study", base, SPACE, trials=TRIALS, worse_than=None, place=place)
    return [trial.values for trial in load_trials(ended(start_study(workspace, config)).folder).all]


def trained(workspace: Workspace, config: CnnRunConfig, place: Place | None) -> tuple[float, list[float]]:
    """Seconds from the start to the end, and its losses."""
    run = create_run(workspace.runs, to_json(config), config.name)
    put_at(run, place)
    begun = time.monotonic()
    launch(run)
    records = ended(run).metrics()
    return time.monotonic() - begun, [r[name] for r in records for name in ("train_loss", "valid_loss")]


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace = open_workspace(folder / "home")
        write_digits(folder / "pictures", 500)
        digits = import_folder(workspace, folder / "pictures", "Digits")
        nodes = Nodes(folder)
        try:
            for _ in range(2):
                nodes.add(cpus=1)
            place = Place(nodes.address)
            here, there = (study(workspace, digits, where) for where in (None, place))
            same = sum(a == b for a, b in zip(here, there, strict=True))
            print(f"A study by Ax, here and there: {same} of {TRIALS} trials have the same values")
            config = replace(small_run(digits, epochs=3, precision=Precision.FLOAT32), cnn=PLAIN)
            print("| 3 epochs | seconds | greatest difference of a loss |")
            print("|---|---|---|")
            _, curve = trained(workspace, config, None)
            for words, where in (
                ("here", None),
                ("on a node", place),
                ("on two nodes together", replace(place, processes=2)),
            ):
                seconds, losses = trained(workspace, config, where)
                apart = max(abs(a - b) for a, b in zip(curve, losses, strict=True))
                print(f"| {words} | {seconds:.1f} | {apart:.1e} |", flush=True)
        finally:
            nodes.close()


if __name__ == "__main__":
    main()
