"""Where a network's parameters are, and where its compute is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import plotly.graph_objects as go

from core.figures.names import escaped, shortened
from core.figures.palette import BLUE, GREEN, GREY, LINES, PURPLE
from core.figures.stages import KINDS, stages_of, title
from core.models.walk import LayerRow, Walk

FRAME, BAR, LEAST = 120, 38, 240  # pixels
MAP_HEIGHT = 420  # pixels
LONGEST_NAME = 24
LEVELS = 3  # of modules that are seen at once; a click goes further down
EDGE = "rgba(255,255,255,0.8)"
COLORS = {"convolution": BLUE, "linear": GREEN, "attention": PURPLE}


class Cost(StrEnum):
    PARAMETERS = "parameters"
    MACS = "MACs"

    def of(self, row: LayerRow) -> int:
        return row.parameters if self is Cost.PARAMETERS else row.macs


@dataclass
class _Module:
    """A module or a layer; `largest` is the most that one layer in it costs, and `color` is that one's."""

    name: str
    parent: str
    value: int = 0
    largest: int = 0
    color: str = GREY


def cost_figure(walk: Walk) -> go.Figure:
    """Two bars for each layer, or each stage of a long network: its share of all parameters and all MACs."""
    parts = _parts(walk)
    names = [escaped(shortened(title(name), LONGEST_NAME)) for name, _ in parts]
    positions = list(range(len(parts)))
    figure = go.Figure()
    for cost, color in ((Cost.PARAMETERS, BLUE), (Cost.MACS, LINES[4])):
        values = [sum(cost.of(row) for row in rows) for _, rows in parts]
        total = max(sum(values), 1)
        figure.add_bar(
            x=[value / total for value in values],
            y=positions,
            orientation="h",
            name=f"{cost} ({total:,})" if any(values) else cost,
            marker={"color": color},
            customdata=[[name, f"{value:,}"] for name, value in zip(names, values, strict=True)],
            hovertemplate=f"%{{customdata[0]}}: %{{customdata[1]}} {cost}, %{{x:.1%}}<extra></extra>",
        )
    figure.update_layout(
        title={"text": "Share of each part", "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"},
        barmode="group",
        bargap=0.3,
        height=max(LEAST, FRAME + BAR * len(parts)),
        margin={"l": 10, "r": 10, "t": 66, "b": 10},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        showlegend=True,
        dragmode=False,
    )
    figure.update_xaxes(
        title_text="share of the network", tickformat=".0%", rangemode="tozero", fixedrange=True
    )
    figure.update_yaxes(tickvals=positions, ticktext=names, autorange="reversed", fixedrange=True)
    return figure


def module_map(walk: Walk, cost: Cost) -> go.Figure:
    """A rectangle for each module in its module, by what it costs; a click goes into it.

    The colour is that of the layer that costs the most: convolution, linear or attention.
    """
    modules = _modules(walk, cost)
    ids = list(modules)
    figure = go.Figure(
        go.Treemap(
            ids=ids,
            labels=[escaped(shortened(modules[key].name, LONGEST_NAME)) for key in ids],
            parents=[modules[key].parent for key in ids],
            values=[modules[key].value for key in ids],
            customdata=[escaped(key) for key in ids],
            marker={
                "colors": [modules[key].color for key in ids],
                "line": {"width": 1.5, "color": EDGE},
                "pad": {"t": 20, "l": 3, "r": 3, "b": 3},
            },
            root={"color": "rgba(0,0,0,0)"},
            textfont={"color": "white"},
            branchvalues="total",
            maxdepth=LEVELS,
            texttemplate="%{label}<br>%{percentRoot:.1%}",
            hovertemplate=f"%{{customdata}}: %{{value:,}} {cost}, %{{percentRoot:.1%}}<extra></extra>",
            pathbar={"thickness": 22},
            sort=False,
        )
    )
    figure.update_layout(
        title={"text": f"{cost.value[0].upper()}{cost.value[1:]} by module", "x": 0, "xanchor": "left"},
        height=MAP_HEIGHT,
        margin={"l": 0, "r": 0, "t": 44, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _parts(walk: Walk) -> list[tuple[str, Sequence[LayerRow]]]:
    """Names and rows that cost something, in order, no row left out."""
    stages = {stage.rows[0]: (stage.name, stage.rows) for stage in stages_of(walk)}
    in_stages = {i for _, rows in stages.values() for i in rows}
    alone = {i: (row.name, (i,)) for i, row in enumerate(walk.rows) if i not in in_stages}
    parts = [(name, [walk.rows[i] for i in rows]) for _, (name, rows) in sorted((stages | alone).items())]
    return [(name, rows) for name, rows in parts if any(row.parameters or row.macs for row in rows)]


def _modules(walk: Walk, cost: Cost) -> dict[str, _Module]:
    """Every module that costs something, by its dotted name; "all" is the network."""
    modules = {"all": _Module("network", "")}
    for row in walk.rows:
        if not (value := cost.of(row)):
            continue
        names = row.name.split(".")
        keys = ["all", *(".".join(names[:end]) for end in range(1, len(names) + 1))]
        for parent, key in zip(["", *keys], keys, strict=False):
            module = modules.setdefault(key, _Module(title(key), parent))
            module.value += value
            if value > module.largest:
                module.largest, module.color = value, COLORS.get(KINDS.get(row.layer, ""), GREY)
    modules["all"].color = GREY
    return modules
