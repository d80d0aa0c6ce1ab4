"""Imports run one way: each module of core is loaded afresh, and what it has loaded is looked at."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
WATCHED = ("streamlit", "plotly", "torch", "torchvision", "sklearn", "ax")

# One interpreter for all: what is watched is forgotten before each module, but for torch and Ax, which can't
# be loaded twice. So those that may load torch come last, and only the first module that loads one is told.
LOAD_ALL = f"""
import importlib, json, sys, traceback
LOADED_ONCE = {{"torch", "torchvision", "ax"}}
FORGOTTEN = {{"core", *{WATCHED!r}}} - LOADED_ONCE
before = set()
for name in sys.argv[1:]:
    for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] in FORGOTTEN]:
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
        error = ""
    except BaseException:
        error = traceback.format_exc()[-2000:]
    watched = [other for other in {WATCHED!r} if other in sys.modules and other not in before]
    before = LOADED_ONCE & set(sys.modules)
    core = [other for other in sys.modules if other.startswith("core.")]
    print(json.dumps([name, error, watched + core]), flush=True)
"""

# Modules of these packages and files may load torch when they are imported; the others may not.
NEEDS_TORCH = (
    "core.training",
    "core.runs.set_job",
    "core.serving",
    "core.insight",
    "core.data.augmentation",
    "core.embeddings.extraction",
    "core.embeddings.features_run",
    "core.embeddings.script",
    "core.tuning.ax_",
    "core.tuning.skorch_estimator",
    "core.tuning.skorch_job",
    "core.tuning.skorch_search",
    "core.models.backbones",
    "core.models.cnn",
    "core.models.cutting",
    "core.models.drawing",
    "core.models.efficientnet_lite",
    "core.models.feature_classifier",
    "core.models.folding",
    "core.models.given_head",
    "core.models.following",
    "core.models.heads",
    "core.models.outline",
    "core.models.registry",
    "core.models.saved_build",
    "core.models.traced",
    "core.models.weights",
)
LOAD_AX = {"core.tuning.ax_analyses", "core.tuning.ax_client", "core.tuning.ax_search"}  # and plotly with it
NO_TORCH_AT_ALL = (
    "core.training.config",
    "core.training.device",
    "core.training.estimate",
    "core.training.execution",
    "core.training.fine_tune_config",
    "core.training.frozen_disk",
    "core.training.fine_tune_config",
    "core.training.history",
    "core.training.measured",
    "core.training.memory",
    "core.training.run_config",
    "core.training.run_data",
    "core.training.snapshots",
    "core.models.cnn_config",
    "core.models.cnn_walk",
    "core.models.walk",
    "core.models.presets",
    "core.data.augmentation_config",
    "core.tuning.skorch_searches",  # beside core.tuning.skorch_search, which does
    "core.serving.calibration",
    "core.serving.familiarity",
    "core.serving.importing.onnx_description",
    "core.serving.importing.onnx_trial",
    "core.serving.importing.pickle_names",
    "core.serving.importing.request",
    "core.serving.importing.settings",
    "core.serving.model_sources",
    "core.serving.prediction_set",
    "core.serving.predicts",
    "core.serving.results",
    "core.serving.results_csv",
    "core.serving.sorted_zip",
    "core.serving.views",
    "core.insight.code",
    "core.insight.patch",
    "core.insight.places",
    "core.insight.pooled_words",
    "core.insight.reference",
    "core.insight.statistics",
)
ORDER = {  # what a package of core may know of
    "layers": set(),
    "data": set(),
    "filtering": {"layers", "data"},
    "challenges": {"layers"},
    "models": {"layers", "data"},
    "training": {"layers", "data", "models"},
    "insight": {"layers", "data", "models", "training"},
    "embeddings": {"layers", "data", "models", "training"},
    "serving": {"layers", "data", "models", "training", "insight", "comparison", "embeddings", "runs"},
    "comparison": {"layers", "data", "models", "training", "embeddings", "runs"},
    "tuning": {"layers", "data", "models", "training", "runs", "comparison"},
    "tracking": {"data", "runs"},
}
FOR_ALL = {
    "core.runs",  # a run folder is what a trained model is loaded from
    "core.runs.store",
}


def modules() -> list[str]:
    files = sorted((PROJECT / "core").rglob("*.py"))
    parts = (file.relative_to(PROJECT).with_suffix("").parts for file in files)
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


def needs_torch(module: str) -> bool:
    return module.startswith(NEEDS_TORCH) and module not in NO_TORCH_AT_ALL


@pytest.fixture(scope="module")
def loaded_by() -> dict[str, set[str]]:
    """For each module of core: what importing it has loaded of core, and of what is watched."""
    command = [sys.executable, "-c", LOAD_ALL, *sorted(modules(), key=needs_torch)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=280, check=True)
    loaded = {}
    for line in done.stdout.splitlines():
        name, error, names = json.loads(line)
        assert not error, f"{name} can't be imported: {error}"
        loaded[name] = set(names)
    assert loaded.keys() == set(modules())
    return loaded


@pytest.mark.slow
class TestImports:
    def test_nothing_in_core_imports_streamlit(self, loaded_by: dict[str, set[str]]) -> None:
        assert [name for name, loaded in loaded_by.items() if "streamlit" in loaded] == []

    def test_only_figures_import_plotly(self, loaded_by: dict[str, set[str]]) -> None:
        drawing = {name for name, loaded in loaded_by.items() if "plotly" in loaded}
        assert drawing
        assert all(name.startswith("core.figures.") for name in drawing - LOAD_AX)

    def test_ax_is_loaded_only_by_what_a_study_loads(self, loaded_by: dict[str, set[str]]) -> None:
        found = {name for name, loaded in loaded_by.items() if "ax" in loaded}
        assert found
        assert found <= LOAD_AX

    def test_torch_is_loaded_only_where_it_is_needed(self, loaded_by: dict[str, set[str]]) -> None:
        heavy = [name for name, loaded in loaded_by.items() if "torch" in loaded]
        assert len(heavy) == 1  # the first of those that may
        assert [name for name in heavy if not needs_torch(name)] == []

    def test_packages_know_only_those_below_them(self, loaded_by: dict[str, set[str]]) -> None:
        for name, loaded in loaded_by.items():
            package = name.split(".")[1] if "." in name else ""
            if package in ORDER:
                others = (other for other in loaded - FOR_ALL if other.count(".") > 1)
                known = {other.split(".")[1] for other in others} - {package}
                assert known <= ORDER[package], f"{name} knows {known - ORDER[package]}"

    def test_store_and_launcher_know_only_errors_and_files(self, loaded_by: dict[str, set[str]]) -> None:
        allowed = {"core.errors", "core.processes", "core.records", "core.workspace", "core.runs"}
        for name in ("core.runs.store", "core.runs.launcher"):
            known = {other for other in loaded_by[name] if other.startswith("core.")}
            assert known <= allowed | {"core.runs.store", name}


PAGES_WITHOUT_TORCH = (
    "home.start",
    "learn.layer_math",
    "learn.convolution_lab",
    "learn.architecture",
    "learn.challenges",
    "data.datasets",
    "train.tune",
    "train.cross_validate",
    "use.export",
    "use.models",
)
OPEN_PAGE = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
assert not app.exception
print(*(name for name in ("torch", "torchvision", "sklearn", "ax") if name in sys.modules))
"""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES_WITHOUT_TORCH)
def test_page_shows_itself_without_loading_torch(page: str) -> None:
    path = PROJECT / "pages" / (page.replace(".", "/") + ".py")
    command = [sys.executable, "-c", OPEN_PAGE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120, check=True)
    assert done.stdout.split() == []


def test_core_does_not_name_streamlit_or_pages() -> None:
    for file in (PROJECT / "core").rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert words[1].split(".")[0] not in ("streamlit", "pages", "tests"), file
