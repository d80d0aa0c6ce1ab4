"""Pasted text as Python source and its syntax tree; a line keeps the number that it has in the text."""

import ast
import re
from collections.abc import Callable
from textwrap import dedent

from core.errors import CodeRefused

LONGEST = 20_000  # characters
PRINTED = re.compile(r"^\s*\([\w.]+\): \w+\(", re.MULTILINE)
FENCES = ("```", "~~~")
INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060")) | {0xA0: " "}


def parse(text: str) -> tuple[ast.Module, str]:
    """The tree, and the source that it is of: `text` without what web pages and notebooks put around code.

    Raises:
        CodeRefused: it is empty, too long, or not Python.
    """
    if len(text) > LONGEST:
        raise CodeRefused(
            "The code is too long to be read here.",
            expected=f"at most {LONGEST:,} characters",
            found=f"{len(text):,}",
            fix="Paste the network only, without the training and the data.",
        )
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    refused: CodeRefused | None = None
    for clean in ATTEMPTS:
        source = clean(source)
        try:
            return _tree(source), source
        except CodeRefused as error:
            refused = error
    assert refused is not None
    raise refused


def _tree(source: str) -> ast.Module:
    if not source.strip():
        raise CodeRefused("There is no code here.", fix="Paste an nn.Sequential(...) or an nn.Module class.")
    try:
        return ast.parse(source)
    except SyntaxError as error:
        if PRINTED.search(source):
            raise CodeRefused(
                "This is what print(model) shows, and no Python.",
                fix="Paste the code that makes the network: nn.Sequential(...), or its class.",
            ) from None
        if error.msg == "unexpected indent" and "class " not in source:
            raise CodeRefused(
                "The code starts in the middle of a class.",
                fix="Paste the class from its first line, class ...(nn.Module):, on.",
                line=error.lineno,
            ) from None
        raise CodeRefused(
            f"This is not valid Python: {error.msg.rstrip('?.')}.",
            fix="Check brackets, commas, colons and indentation around this line.",
            line=error.lineno,
        ) from None
    except (MemoryError, RecursionError):
        raise CodeRefused(
            "The code is nested too deeply to be read.", fix="Write it with fewer brackets in brackets."
        ) from None
    except ValueError:
        raise CodeRefused(
            "The text has characters that no Python source can have.",
            fix="Type the code anew, or copy it again.",
        ) from None


def _as_it_is(source: str) -> str:
    return source


def _made_visible(source: str) -> str:
    """Without the marks that web pages leave between characters, and with one indentation for all."""
    return dedent(source.translate(INVISIBLE))


def _without_surroundings(source: str) -> str:
    """Without Markdown fences and the prose around them, interpreter prompts, and a notebook's commands."""
    lines = source.split("\n")
    for keep in (_within_fences, _after_prompts, _without_commands):
        lines = keep(lines)
    return dedent("\n".join(lines))


def _within_fences(lines: list[str]) -> list[str]:
    if not any(line.lstrip().startswith(FENCES) for line in lines):
        return lines
    kept, inside = [], False
    for line in lines:
        fence = line.lstrip().startswith(FENCES)
        kept.append(line if inside and not fence else "")
        inside ^= fence
    return kept


def _after_prompts(lines: list[str]) -> list[str]:
    if not any(line.lstrip().startswith(">>> ") for line in lines):
        return lines
    prompted = (line.lstrip() for line in lines)
    return [line[4:] if line.startswith((">>> ", "... ")) else "" for line in prompted]


def _without_commands(lines: list[str]) -> list[str]:
    return ["" if line.lstrip().startswith(("%", "!")) else line for line in lines]


def _tabs_widened(source: str) -> str:
    return source.expandtabs(4)


ATTEMPTS: tuple[Callable[[str], str], ...] = (_as_it_is, _made_visible, _without_surroundings, _tabs_widened)
