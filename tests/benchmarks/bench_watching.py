"""What a browser costs that watches a training run: `python -m tests.benchmarks.bench_watching`.

Shares of one core, of the server and of the browser, for each tab below the curves.
"""

import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
from playwright.sync_api import Page

from core.data.importing import ImportConfig, SourceKind, import_dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.data.splitting import current_split
from core.models.cnn_config import CnnConfig, ConvBlock
from core.records import to_json
from core.runs.launcher import launch, request_stop
from core.runs.store import Run, create_run
from core.training.config import CnnRunConfig, TrainingConfig
from core.workspace import Workspace, open_workspace
from tests.benchmarks.pictures import write_small_pngs
from tests.journeys.browser import chromium, new_page, open_tab, visit
from tests.journeys.server import serve

TABS = ("Behind the curves", "How it runs", "What is kept", "Settings", "Log")
SETTLE, WATCH = 2.0, 10.0  # seconds
EPOCHS = 500  # more than anybody watches here
PICTURES = 400


def long_run(workspace: Workspace, pictures: Path) -> Run:
    """A run under way whose epochs take half a second."""
    write_small_pngs(pictures, PICTURES)
    dataset = import_dataset(workspace, ImportConfig("Pictures", SourceKind.FOLDER, str(pictures)))
    config = CnnRunConfig(
        "Watched",
        dataset.id,
        current_split(dataset).id,
        dataset.classes,
        Preprocessing.of((64, 64), ColorMode.RGB),
        CnnConfig((ConvBlock(16), ConvBlock(32))),
        TrainingConfig(EPOCHS),
    )
    run = create_run(workspace.runs, to_json(config), config.name)
    launch(run)
    return run


def processor_seconds(server: int) -> Counter[str]:
    """Seconds of the processor so far, of the server and of the browser."""
    seconds: Counter[str] = Counter()
    for process in psutil.process_iter(["pid", "name", "cpu_times"]):
        times = process.info["cpu_times"]
        if process.info["pid"] == server:
            seconds["server"] += times.user + times.system
        elif "chrom" in (process.info["name"] or ""):
            seconds["browser"] += times.user + times.system
    return seconds


def shares(page: Page, server: int) -> dict[str, float]:
    page.wait_for_timeout(1000 * SETTLE)
    before, begun = processor_seconds(server), time.perf_counter()
    page.wait_for_timeout(1000 * WATCH)
    after, took = processor_seconds(server), time.perf_counter() - begun
    return {who: (after[who] - before[who]) / took for who in ("server", "browser")}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "home") as server:
        run = long_run(open_workspace(server.home), Path(folder) / "pictures")
        with chromium() as browser, new_page(browser) as page:
            visit(page, f"{server.url}/runs?run={run.id}")
            print("| open below the curves | server, of a core | browser |\n|---|---|---|")
            for tab in TABS:
                open_tab(page, tab)
                found = shares(page, server.process.pid)
                print(f"| {tab} | {found['server']:.1%} | {found['browser']:.0%} |", flush=True)
        request_stop(run)
        while run.status().state.is_active:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
