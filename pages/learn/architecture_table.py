"""Every layer of a network in a table: its output, parameters, compute, memory and receptive field."""

from html import escape

from core.layers.formulas import parameter_text
from core.layers.memory import activation_bytes
from core.layers.receptive import Reach
from core.layers.shapes import pair_text
from core.models.walk import LayerRow, Walk
from pages.learn.architecture_input import Input
from pages.shared.text import size

HEADS = (
    "Layer",
    "Output (B, C, H, W)",
    "Parameters",
    "MACs a picture",
    "Memory",
    "Receptive field",
    "Effective stride",
)


def layer_table(walk: Walk, given: Input) -> str:
    """HTML; `given` says the batch, and the number type that memory is counted in."""
    pasted = any(row.line is not None for row in walk.rows)
    heads = (("Line",) if pasted else ()) + HEADS
    head = "".join(f"<th>{words}</th>" for words in heads)
    lines = "".join(_line(row, given, pasted) for row in walk.rows)
    total = (
        f"<tr>{'<td></td>' * pasted}<td>Total</td><td></td>"
        f"<td>{walk.parameters:,}</td><td>{walk.macs:,}</td>"
        "<td></td><td></td><td></td></tr>"
    )
    return (
        f'<div class="architecture"><table class="layers{" numbered" * pasted}">'
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{lines}</tbody><tfoot>{total}</tfoot></table></div>"
    )


def _line(row: LayerRow, given: Input, pasted: bool) -> str:
    formula = parameter_text(row.record) if row.record is not None else ""
    cells = [
        f"{escape(row.layer)}<span>{escape(row.settings)}</span><small>{escape(row.name)}</small>",
        _shape(row, given.batch),
        f"{row.parameters:,}<small>{escape(formula)}</small>" if row.parameters else "",
        f"{row.macs:,}" if row.macs else "",
        size(activation_bytes(row.output, given.batch, given.dtype)) if row.output else "",
        *_reach(row.reach),
    ]
    if pasted:
        cells.insert(0, "" if row.line is None else str(row.line))
    kind = ' class="failed"' if row.problem else ""
    return f"<tr{kind}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _shape(row: LayerRow, batch: int) -> str:
    return f"({', '.join(str(side) for side in (batch, *row.output))})" if row.output else "can't be built"


def _reach(reach: Reach | None) -> tuple[str, str]:
    """The receptive field, and how far it moves from one value to the next."""
    if reach is None:
        return "", ""
    if reach.field is None:
        return "all", ""
    rows, columns = reach.stride
    return pair_text(reach.field), str(rows) if rows == columns else f"{rows}×{columns}"
