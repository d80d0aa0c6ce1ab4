import time

import plotly.graph_objects as go
import pytest

from core.figures.network import network_figure
from core.figures.palette import BLUE, GREEN, ORANGE, VERMILLION
from core.layers.convolution import Conv1d, Conv2d
from core.layers.linear import Linear
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.models.registry import walk_model
from tests.core.figures.networks import Rows, deep, u_net


def figure_of(key: str) -> go.Figure:
    preset = PRESETS[key]
    return network_figure(walk(preset.config, (preset.color.channels, *preset.size), 10))


def fronts(figure: go.Figure, color: str) -> list[tuple[float, float]]:
    """(thickness, height) of the boxes whose front is `color`, from left to right."""
    (trace,) = [trace for trace in figure.data if trace.fillcolor == color.lower()]
    corners = list(zip(trace.x, trace.y, strict=True))
    boxes = [corners[i : i + 5] for i in range(0, len(corners), 6)]
    return [(box[1][0] - box[0][0], box[2][1] - box[1][1]) for box in boxes]


def labels(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def test_sides_and_thickness_are_to_scale():
    figure = figure_of("lecture")
    (thick_1, high_1), (thick_2, high_2) = fronts(figure, BLUE)  # 3 x 100 x 100, then 2 x 50 x 50
    assert high_2 / high_1 == pytest.approx(50 / 100)
    assert thick_2 / thick_1 == pytest.approx(2 / 3)
    assert [high / high_1 for _, high in fronts(figure, ORANGE)] == pytest.approx([0.5, 0.25])


def test_labels_name_each_volume_and_its_shape():
    assert labels(figure_of("lecture")) == [
        "<b>input</b><br>1×100×100",
        "<b>conv1</b><br>3×100×100",
        "<b>pool1</b><br>3×50×50",
        "<b>conv2</b><br>2×50×50",
        "<b>pool2</b><br>2×25×25",
        "<b>flatten</b><br>1250",
        "<b>output</b><br>10",
    ]


def test_hovering_tells_parameters_and_macs():
    hover = next(trace for trace in figure_of("lecture").data if trace.hovertemplate)
    assert hover.customdata[1][2] == "Conv2d 1 → 3, 3×3, padding 1<br>30 parameters<br>270,000 MACs"


def test_linear_layers_are_green():
    assert len(fronts(figure_of("lenet-5"), GREEN)) == 3


def test_each_residual_connection_has_its_arc():
    (arcs,) = [trace for trace in figure_of("small-resnet").data if trace.name == "Skip, added"]
    assert list(arcs.x).count(None) == 6


def test_what_can_not_be_built_is_vermillion_and_last():
    found = walk(CnnConfig((ConvBlock(4), ConvBlock(8, kernel=7, padding=0))), (1, 8, 8), 2)
    figure = network_figure(found)
    assert len(fronts(figure, VERMILLION)) == 1
    assert labels(figure)[-1] == "<b>conv2</b><br>can't be built"
    assert figure.layout.annotations[-1].font.color == VERMILLION
    hover = next(trace for trace in figure.data if trace.hovertemplate)
    assert found.problem in hover.customdata[-1][2].replace("<br>", " ")


def test_a_long_network_goes_on_in_further_rows():
    network = walk(CnnConfig((ConvBlock(8, pool_size=1),) * 6), (1, 32, 32), 2)
    levels = [{mark.y for mark in network_figure(network, width).layout.annotations} for width in (480, 2000)]
    assert [len(rows) for rows in levels] == [3, 1]


def test_colours_of_page_and_text_are_left_to_the_theme():
    figure = figure_of("small-vgg")
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert all(annotation.font.color is None for annotation in figure.layout.annotations)


def test_a_network_of_any_kind_is_drawn():
    figure = network_figure(u_net(), 900)
    (arcs,) = [trace for trace in figure.data if trace.name == "Skip, concatenated"]
    assert list(arcs.x).count(None) == 2
    assert max(y for y in arcs.y if y is not None) < 0 == figure.layout.yaxis.range[1]
    assert labels(figure)[6] == "<b>up2</b><br>16×16×16"
    sides = [height for _, height in fronts(figure, BLUE)]
    assert sides == pytest.approx([side / 32 for side in (32, 16, 8, 16, 16, 32, 32)])


def test_a_stages_hover_tells_what_is_in_it():
    figure = network_figure(deep(8))
    hover = next(trace for trace in figure.data if trace.hovertemplate)
    assert hover.customdata[1][0] == "blocks.0"
    assert hover.customdata[1][2] == "3 Conv2d<br>336 parameters<br>1,327,104 MACs"


def test_names_from_pasted_code_are_shown_as_they_are():
    net = Rows((1, 8, 8))
    net.add("<b>&", Conv2d(1, 2, (3, 3)))
    figure = network_figure(net.walk)
    assert labels(figure)[1] == "<b>&lt;b&gt;&amp;</b><br>2×6×6"


def test_sequences_and_vectors_are_drawn_without_any_map():
    net = Rows((16,))
    net.add("fc1", Linear(16, 32))
    assert labels(network_figure(net.walk)) == ["<b>input</b><br>16", "<b>fc1</b><br>32"]
    net = Rows((2, 100))
    net.add("conv", Conv1d(2, 4, 5))
    assert labels(network_figure(net.walk))[1] == "<b>conv</b><br>4×96"


@pytest.mark.slow
def test_a_network_of_hundreds_of_layers_is_drawn_at_once():
    found = walk_model("densenet121", (3, 224, 224))
    assert len(found.rows) > 400
    network_figure(found, 690)
    started = time.perf_counter()
    figure = network_figure(found, 690)
    assert time.perf_counter() - started < 0.2  # 20 ms on an idle machine
    assert len(figure.to_json()) < 40_000
