"""Imports run one way: the code says who knows whom, and an interpreter that loads all what comes along."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
WATCHED = ("streamlit", "plotly", "torch", "torchvision", "ax", "ray")

# One interpreter loads one module after the other, and tells what of the watched packages each was the first
# to load. Between the two groups plotly is forgotten, which the second may not load.
LOAD_ALL = f"""
import importlib, json, sys
for group in map(json.loads, sys.argv[1:]):
    for name in [name for name in sys.modules if name.split(".")[0] == "plotly"]:
        del sys.modules[name]
    for name in group:
        before = set(sys.modules)
        importlib.import_module(name)
        print(json.dumps([name, [other for other in {WATCHED!r} if other in set(sys.modules) - before]]))
"""

# Modules of these packages and files may load torch when they are imported; the others may not.
NEEDS_TORCH = (
    "core.cluster.node",
    "core.cluster.together",
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
LOAD_RAY = {
    "core.cluster.carrying_out",
    "core.cluster.connection",
    "core.cluster.dataset_parcel",
    "core.cluster.mailbox",
    "core.cluster.node",
    "core.cluster.together",
}
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
    "cluster": {"data", "runs", "tracking"},
}
FOR_ALL = {
    "core.runs",  # a run folder is what a trained model is loaded from
    "core.runs.store",
}


@cache
def modules() -> list[str]:
    files = sorted((PROJECT / "core").rglob("*.py"))
    parts = (file.relative_to(PROJECT).with_suffix("").parts for file in files)
    return [".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts]


def needs_torch(module: str) -> bool:
    return module.startswith(NEEDS_TORCH) and module not in NO_TORCH_AT_ALL


@pytest.fixture(scope="module")
def newly_loaded() -> dict[str, set[str]]:
    """For each module of core: what of the watched packages came with it first. Ax and Ray take seconds:
    their own modules are left out, for studies and runs on a cluster load them.
    """
    names = [name for name in modules() if name not in LOAD_AX | LOAD_RAY]
    groups = [[name for name in names if needs_torch(name) == needs] for needs in (False, True)]
    command = [sys.executable, "-c", LOAD_ALL, *map(json.dumps, groups)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = {name: set(found) for name, found in map(json.loads, done.stdout.splitlines())}
    assert loaded.keys() == set(names)
    return loaded


@pytest.mark.slow
class TestLoading:
    def test_nothing_in_core_imports_streamlit(self, newly_loaded: dict[str, set[str]]) -> None:
        assert [name for name, loaded in newly_loaded.items() if "streamlit" in loaded] == []

    def test_only_figures_import_plotly(self, newly_loaded: dict[str, set[str]]) -> None:
        drawing = {name for name, loaded in newly_loaded.items() if "plotly" in loaded}
        assert drawing
        assert all(name.startswith("core.figures.") for name in drawing)

    def test_ax_is_loaded_only_by_what_a_study_loads(self, newly_loaded: dict[str, set[str]]) -> None:
        assert [name for name, loaded in newly_loaded.items() if "ax" in loaded] == []

    def test_ray_is_loaded_only_for_what_is_on_a_cluster(self, newly_loaded: dict[str, set[str]]) -> None:
        assert [name for name, loaded in newly_loaded.items() if "ray" in loaded] == []

    def test_torch_is_loaded_only_where_it_is_needed(self, newly_loaded: dict[str, set[str]]) -> None:
        heavy = [name for name, loaded in newly_loaded.items() if "torch" in loaded]
        assert len(heavy) == 1  # the first of those that may
        assert needs_torch(heavy[0])


@cache
def imported_by(module: str) -> frozenset[str]:
    """The modules of core that `module` names itself, and the packages that it is in."""
    path = PROJECT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    packages = module.split(".")[:-1]
    above = {".".join(packages[:depth]) for depth in range(1, len(packages) + 1)}
    found = above.union(*(named_in(node) for node in run_at_once(ast.parse(file.read_text("utf-8")))))
    return frozenset(found & set(modules()))


def run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of `node` but for the bodies of functions, and what only type checkers read."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from run_at_once(child)


def named_in(node: ast.AST) -> set[str]:
    match node:
        case ast.Import(names=names):
            return {alias.name for alias in names}
        case ast.ImportFrom(module=str(module), names=names):
            return {module, *(f"{module}.{alias.name}" for alias in names)}
    return set()


@cache
def loaded_with(module: str) -> set[str]:
    """All of core that is loaded with it, itself too."""
    known, new = set[str](), {module}
    while new:
        known |= new
        new = set[str]().union(*map(imported_by, new)) - known
    return known


def test_every_module_can_be_the_first_to_be_loaded() -> None:
    """None needs itself."""
    for name in modules():
        assert not any(name in loaded_with(other) for other in imported_by(name)), name


def test_packages_know_only_those_below_them() -> None:
    for name in modules():
        package = name.split(".")[1] if "." in name else ""
        if package in ORDER:
            others = (other for other in loaded_with(name) - FOR_ALL if other.count(".") > 1)
            known = {other.split(".")[1] for other in others} - {package}
            assert known <= ORDER[package], f"{name} knows {known - ORDER[package]}"


def test_store_and_launcher_know_only_errors_and_files() -> None:
    allowed = {"core", "core.errors", "core.processes", "core.records", "core.workspace", "core.runs"}
    for name in ("core.runs.store", "core.runs.launcher"):
        assert loaded_with(name) <= allowed | {"core.runs.store", "core.runs.warm", name}


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
OPEN_PAGES = """
import sys
from streamlit.testing.v1 import AppTest
for path in sys.argv[1:]:
    app = AppTest.from_file(path, default_timeout=60).run()
    assert not app.exception, (path, app.exception)
    loaded = [name for name in ("torch", "torchvision", "sklearn", "ax") if name in sys.modules]
    assert not loaded, (path, loaded)
"""


@pytest.mark.slow
def test_pages_show_themselves_without_loading_torch() -> None:
    """One after the other in one interpreter: the first that loads any is told."""
    paths = [str(PROJECT / "pages" / (page.replace(".", "/") + ".py")) for page in PAGES_WITHOUT_TORCH]
    command = [sys.executable, "-c", OPEN_PAGES, *paths]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120)
    assert done.returncode == 0, done.stderr


def test_core_does_not_name_streamlit_or_pages() -> None:
    for file in (PROJECT / "core").rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert words[1].split(".")[0] not in ("streamlit", "pages", "tests"), file
