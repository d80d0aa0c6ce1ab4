"""Parts of this project's own source, to stand in a script that runs without it."""

import ast
import inspect
from itertools import pairwise
from types import ModuleType

_BLOCKS = (ast.FunctionDef, ast.ClassDef)


def source_of(module: ModuleType, *names: str) -> str:
    """The constants, functions and classes of `module` with these names, as they stand there.

    Raises:
        LookupError: it has no such part.
    """
    source = inspect.getsource(module)
    nodes = [node for node in ast.parse(source).body if _names(node) & set(names)]
    if missing := set(names).difference(*map(_names, nodes)):
        raise LookupError(f"{module.__name__} has no {', '.join(sorted(missing))}")
    lines = source.splitlines()
    text = _lines_of(nodes[0], lines)
    for before, node in pairwise(nodes):
        gap = "\n\n\n" if isinstance(before, _BLOCKS) or isinstance(node, _BLOCKS) else "\n"
        text += gap + _lines_of(node, lines)
    return text


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, _BLOCKS):
        return {node.name}
    if isinstance(node, ast.Assign):
        parts = (part for target in node.targets for part in ast.walk(target))
        return {part.id for part in parts if isinstance(part, ast.Name)}
    return set()


def _lines_of(node: ast.stmt, lines: list[str]) -> str:
    """With its decorators, and with the comment at its end."""
    first = min(part.lineno for part in (node, *getattr(node, "decorator_list", [])))
    return "\n".join(lines[first - 1 : node.end_lineno])
