"""Which route is best, with few pictures: the table of the README.

    python -m tests.benchmarks.bench_routes [--on-photos] [--learn 100] [--test 150]

scikit-learn's digits, as they are or in light colours at random places on cut-outs of its photographs with
noise; every route of the Compare page on one split, with EfficientNet-Lite0 as its weights come with the app.
Seconds are those of a run's epochs, validation and features, after the pictures were decoded.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from core.comparison.contender import contender_of
from core.comparison.route_comparison import RouteComparison, runs_of, start_comparison
from core.comparison.routes import RouteSettings
from core.comparison.scores import Score
from core.comparison.table import ComparisonTable, Row, compare
from core.comparison.verdict import verdict
from core.comparison.words import interval_words, p_words, time_words
from core.data.dataset import Dataset
from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.sample_digits import digit_names, digit_png
from core.data.splitting import SplitSettings, make_split
from core.workspace import Workspace, open_workspace
from tests.benchmarks.pictures import write_small_pngs

VALIDATION = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on-photos", action="store_true", help="digits on cut-outs of photographs")
    parser.add_argument("--learn", type=int, default=100, help="pictures to learn from")
    parser.add_argument("--test", type=int, default=150, help="pictures to test on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder, "home"))
        make = digits_on_photos if options.on_photos else digits
        dataset = make(workspace, Path(folder), options.learn + VALIDATION + options.test)
        count = len(dataset.pictures)
        split = make_split(dataset, SplitSettings(VALIDATION / count, options.test / count))
        comparison = start_comparison(workspace, dataset, split, RouteSettings())
        print_table(workspace, comparison, finished(workspace, comparison))


def digits(workspace: Workspace, folder: Path, count: int) -> Dataset:
    for index, name in enumerate(digit_names()[:count]):
        file = folder / "all" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(digit_png(index))
    return import_dataset(workspace, ImportConfig("Digits", SourceKind.FOLDER, str(folder / "all")))


def digits_on_photos(workspace: Workspace, folder: Path, count: int) -> Dataset:
    """The two parts of the benchmark's pictures as one, for a split of our own."""
    write_small_pngs(folder / "parts", count)
    for picture in (folder / "parts").rglob("*.png"):
        part, number, name = picture.relative_to(folder / "parts").parts
        (folder / "all" / number).mkdir(parents=True, exist_ok=True)
        shutil.move(picture, folder / "all" / number / f"{part}-{name}")
    return import_dataset(workspace, ImportConfig("Digits on photos", SourceKind.FOLDER, str(folder / "all")))


def finished(workspace: Workspace, comparison: RouteComparison) -> ComparisonTable:
    runs = [run for _, run in runs_of(workspace, comparison) if run is not None]
    while any(run.status().state.is_active for run in runs):
        time.sleep(1)
    return compare([contender_of(run) for run in runs])


def print_table(workspace: Workspace, comparison: RouteComparison, table: ComparisonTable) -> None:
    routes = {entry.run_id: entry for entry, _ in runs_of(workspace, comparison)}
    learned = next(iter(routes.values())).pictures
    print(
        f"| {learned} pictures to learn from, {table.pictures} to test on | accuracy | log loss | trains "
        "| time to train | against the best |\n|---|---|---|---|---|---|"
    )
    for row in table.rows:
        print(line(str(routes[row.run_id].route), row))
    print()
    print("\n".join(verdict(table)))


def line(route: str, row: Row) -> str:
    accuracy, loss = (interval_words(score, row.scores[score]) for score in (Score.ACCURACY, Score.LOG_LOSS))
    seconds = "–" if row.costs.seconds is None else time_words(row.costs.seconds)
    against = "–" if row.against_best is None else p_words(row.against_best.p)
    return f"| {route} | {accuracy} | {loss} | {row.costs.trainable:,} | {seconds} | {against} |"


if __name__ == "__main__":
    main()
