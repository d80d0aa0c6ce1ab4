import time

import plotly.graph_objects as go
import pytest

from core.figures.palette import BLUE, GREEN, GREY
from core.figures.where import Cost, cost_figure, module_map
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.models.registry import walk_model
from core.models.walk import Walk
from tests.core.figures.networks import deep

LECTURE = walk(PRESETS["lecture"].config, (1, 100, 100), 1)


@pytest.fixture(scope="module")
def inception() -> Walk:
    return walk_model("inception_v3", (3, 299, 299))


def bars(figure: go.Figure) -> dict[str, tuple[float, float]]:
    parameters, macs = figure.data
    names = figure.layout.yaxis.ticktext
    return {name: (p, m) for name, p, m in zip(names, parameters.x, macs.x, strict=True)}


def test_the_lectures_parameters_are_at_the_end_and_its_compute_at_the_front():
    found = bars(cost_figure(LECTURE))
    macs = 3 * 100 * 100 * 9, 2 * 50 * 50 * 27, 1250
    assert found == {
        "conv1": pytest.approx((30 / 1337, macs[0] / sum(macs))),
        "conv2": pytest.approx((56 / 1337, macs[1] / sum(macs))),
        "output": pytest.approx((1251 / 1337, macs[2] / sum(macs))),
    }


@pytest.mark.slow
def test_shares_of_a_long_network_add_up_to_all_of_it(inception: Walk):
    figure = cost_figure(inception)
    assert sum(figure.data[0].x) == pytest.approx(1)
    assert sum(figure.data[1].x) == pytest.approx(1)
    assert "AuxLogits" in bars(figure)
    assert len(bars(figure)) <= 20
    assert figure.data[0].name == "parameters (27,161,264)"


@pytest.mark.slow
@pytest.mark.parametrize(("cost", "total"), [(Cost.PARAMETERS, 27_161_264), (Cost.MACS, 5_713_216_096)])
def test_each_module_is_the_sum_of_those_in_it(inception: Walk, cost: Cost, total: int):
    (tree,) = module_map(inception, cost).data
    values = dict(zip(tree.ids, tree.values, strict=True))
    assert values["all"] == total
    parents = {key: parent for key, parent in zip(tree.ids, tree.parents, strict=True) if parent}
    for module in set(parents.values()):
        assert values[module] == sum(values[key] for key, parent in parents.items() if parent == module)


def test_a_module_has_the_colour_of_its_costliest_layer():
    (tree,) = module_map(deep(4), Cost.PARAMETERS).data
    colors = dict(zip(tree.ids, tree.marker.colors, strict=True))
    assert (colors["blocks.0"], colors["head"], colors["all"]) == (BLUE, GREEN, GREY)


@pytest.mark.parametrize("figure", [cost_figure, lambda walk: module_map(walk, Cost.MACS)])
def test_a_network_that_learns_nothing_has_a_figure(figure):
    assert figure(Walk((1, 8, 8), ())).data


@pytest.mark.slow
def test_figures_of_hundreds_of_layers_are_made_at_once(inception: Walk):
    cost_figure(inception)
    started = time.perf_counter()
    figures = [cost_figure(inception), module_map(inception, Cost.PARAMETERS)]
    assert time.perf_counter() - started < 0.4  # 30 ms on an idle machine
    assert all(len(figure.to_json()) < 60_000 for figure in figures)
