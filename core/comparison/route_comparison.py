"""The same question put to every route: runs that belong together, named in one file. No torch.

comparisons/<id>.json   which runs, of which route, on which share of the training pictures

The runs are runs like any other, and queue for the device by themselves; one that fails stops no other.
"""

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.comparison.learning_curve import training_share
from core.comparison.routes import Route, RouteSettings, config_of
from core.data.dataset import Dataset
from core.data.splitting import Split, keep_split
from core.errors import ConfigError, RunError
from core.records import from_json, to_json
from core.runs.launcher import launch, request_stop
from core.runs.store import Run, RunState, create_run
from core.workspace import Workspace, folder_of, new_id, read_json, write_json

FOLDER = "comparisons"


@dataclass(frozen=True)
class Entry:
    """One run of a comparison; `pictures` is how many it learns from, `share` of the training part.

    `again` counts the trainings on the same pictures with other seeds, from 0.
    """

    route: Route
    share: float
    pictures: int
    run_id: str
    again: int = 0


@dataclass(frozen=True)
class RouteComparison:
    """Runs of several routes on one split. `created` is in seconds since 1970."""

    id: str
    name: str
    dataset_id: str
    split_id: str
    settings: RouteSettings
    entries: tuple[Entry, ...]
    created: float = 0.0


def start_comparison(
    workspace: Workspace,
    dataset: Dataset,
    split: Split,
    settings: RouteSettings,
    routes: Sequence[Route] = tuple(Route),
) -> RouteComparison:
    """Make a run of each route on each share of the training pictures, on all of them with each seed; start
    them all.

    Raises:
        ConfigError: a route can't learn from this data set; nothing is left behind then.
        RunError: a run can't be started; the others go on, and `start_again` tries it once more.
    """
    splits = {share: training_share(dataset, split, share, settings.seed) for share in settings.shares}
    trainings = [(share, 0) for share in sorted(splits, reverse=True)]
    trainings += [(1.0, again) for again in range(1, settings.seeds)]
    planned = [
        (route, share, again, config_of(route, dataset, splits[share], _with_seed(settings, again)))
        for share, again in trainings
        for route in routes
    ]
    for part in splits.values():
        keep_split(dataset, part)
    made = [
        (Entry(route, share, len(splits[share].train), run.id, again), run)
        for route, share, again, config in planned
        for run in [create_run(workspace.runs, to_json(config), config.name)]
    ]
    comparison = RouteComparison(
        new_id(dataset.name),
        f"Routes on {dataset.name}",
        dataset.id,
        split.id,
        settings,
        tuple(entry for entry, _ in made),
        time.time(),
    )
    _folder(workspace).mkdir(exist_ok=True)
    write_json(_path(workspace, comparison.id), to_json(comparison))
    _launch_all(run for _, run in made)
    return comparison


def start_again(workspace: Workspace, comparison: RouteComparison) -> None:
    """Start the runs that neither are at work nor have finished; each goes on from its last checkpoint.

    Raises:
        RunError: one of them can't be started; the others are.
    """
    _launch_all(run for _, run in runs_of(workspace, comparison) if run is not None and _is_unfinished(run))


def stop_all(workspace: Workspace, comparison: RouteComparison) -> None:
    """Ask all of its runs that are at work or in the queue to stop, the last in the queue first."""
    for _, run in reversed(runs_of(workspace, comparison)):
        if run is not None:
            with contextlib.suppress(RunError):
                request_stop(run)


def runs_of(workspace: Workspace, comparison: RouteComparison) -> list[tuple[Entry, Run | None]]:
    """Each entry with its run; None where that was deleted."""
    runs = ((entry, Run(folder_of(workspace.runs, entry.run_id))) for entry in comparison.entries)
    return [(entry, run if (run.folder / "config.json").is_file() else None) for entry, run in runs]


def load_comparison(workspace: Workspace, comparison_id: str) -> RouteComparison:
    """The comparison of that id, which may come from an address.

    Raises:
        RunError: there is none, or its file is damaged.
    """
    path = _path(workspace, comparison_id)
    try:
        return from_json(RouteComparison, read_json(path))
    except FileNotFoundError:
        raise RunError(
            f"There is no comparison {comparison_id}.", fix="Choose another one, or start a new one."
        ) from None
    except (OSError, ValueError, ConfigError) as damage:
        raise RunError(
            f"The comparison {comparison_id} can't be read: {damage}",
            fix="Its runs are whole: choose them one by one.",
        ) from damage


def list_comparisons(workspace: Workspace) -> list[RouteComparison]:
    """All that can be read, newest first."""
    found = []
    for path in _folder(workspace).glob("*.json"):
        if not path.name.startswith("."):
            with contextlib.suppress(RunError):
                found.append(load_comparison(workspace, path.stem))
    return sorted(found, key=lambda comparison: comparison.id, reverse=True)


def forget_comparison(workspace: Workspace, comparison_id: str) -> None:
    """Take the comparison off the list; its runs stay."""
    _path(workspace, comparison_id).unlink(missing_ok=True)


def _with_seed(settings: RouteSettings, again: int) -> RouteSettings:
    return replace(settings, seed=settings.seed + again)


def _launch_all(runs: Iterable[Run]) -> None:
    failures = []
    for run in runs:
        try:
            launch(run)
        except RunError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def _is_unfinished(run: Run) -> bool:
    with contextlib.suppress(RunError):
        state = run.status().state
        return not state.is_active and state is not RunState.FINISHED
    return False


def _folder(workspace: Workspace) -> Path:
    return workspace.root / FOLDER


def _path(workspace: Workspace, comparison_id: str) -> Path:
    return folder_of(_folder(workspace), comparison_id).with_suffix(".json")
