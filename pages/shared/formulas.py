"""Formulas as a page writes them."""

from core.layers.formula import Formula


def written(formula: Formula) -> str:
    """What the formula gives, its steps below each other, and what they mean: Markdown with LaTeX."""
    note = f"\n\n{formula.note}" if formula.note else ""
    return f"**{formula.quantity[:1].upper()}{formula.quantity[1:]}**\n\n$${formula.latex}$${note}"
