"""Hostile and broken pastes: none of them runs, and each gets an answer or a refusal, soon."""

import builtins
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from core.errors import CodeRefused
from core.layers.shapes import Shape
from core.models.pasted.network import read_network
from tests.core.models.pasted.hostile import BOMBS, BROKEN, INJECTED
from tests.core.models.pasted.snippets.classes import CLASSES
from tests.core.models.pasted.snippets.papers import PAPERS
from tests.core.models.pasted.snippets.sequential import SEQUENTIAL

pytestmark = pytest.mark.slow

SECONDS = 1.0  # of the processor, for reading, walking and looking for sizes that fit
MUTANTS = 700


@pytest.fixture
def run_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What has been called of the ways in which code could act."""
    called: list[str] = []

    def watch(holder: Any, name: str) -> None:
        def noted(*_: Any, **__: Any) -> None:
            called.append(name)
            raise RuntimeError(f"{name} was called")

        monkeypatch.setattr(holder, name, noted)

    for name in ("exec", "eval", "open", "input", "breakpoint", "globals", "vars"):
        watch(builtins, name)
    for holder, name in ((os, "system"), (os, "popen"), (os, "remove"), (subprocess, "Popen")):
        watch(holder, name)
    yield called
    monkeypatch.undo()


def answer(source: str, shape: Shape = (1, 28, 28)) -> str:
    """What the reader says of `source`: a refusal, or a network; anything else it raises."""
    begun = time.process_time()
    said, line = _read(source, shape)
    assert time.process_time() - begun < SECONDS
    assert line is None or 1 <= line <= len(re.split("\r\n|\r|\n", source))
    assert 0 < len(said) < 800
    return said


def _read(source: str, shape: Shape) -> tuple[str, int | None]:
    try:
        network = read_network(source)
        walk = network.walk(shape)
        network.fitting_sides(shape)
    except CodeRefused as refused:
        return (str(refused) if refused.fix else ""), refused.line
    return walk.problem or "built", walk.rows[-1].line if walk.rows else None


class TestHarm:
    def test_no_injected_code_is_run(self, run_names: list[str]) -> None:
        assert len(INJECTED) > 200
        for source in INJECTED.values():
            assert answer(source)
        assert run_names == []
        assert not Path("CANARY").exists()

    def test_the_watch_would_notice(self, run_names: list[str]) -> None:
        for payload in ("open('CANARY', 'w')", "exec('1')", "eval('1')", "__import__('os').system('true')"):
            with pytest.raises(RuntimeError, match="was called"):
                FunctionType(compile(payload, "payload", "eval"), {"__builtins__": builtins})()
        assert run_names == ["open", "exec", "eval", "system"]

    @pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
    def test_what_would_run_on_for_ever_is_answered_soon(self, source: str) -> None:
        assert answer(source)


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_broken_code_is_answered(source: str, run_names: list[str]) -> None:
    assert answer(source)
    assert run_names == []


def mutated(source: str, draw: random.Random) -> str:
    """`source` with one to four small accidents."""
    for _ in range(draw.randint(1, 4)):
        words = re.split(r"(\W)", source)
        first, second = draw.randrange(len(words)), draw.randrange(len(words))
        match draw.randrange(6):
            case 0:
                words[first] = ""
            case 1:
                words[first], words[second] = words[second], words[first]
            case 2:
                words[first] = words[second]
            case 3:
                words[first] = draw.choice(
                    ["0", "-1", "None", "x", "self", "nn", "10**9", "[]", "()", "*", ":"]
                )
            case 4:
                lines = source.split("\n")
                lines.insert(draw.randrange(len(lines)), draw.choice(lines))
                words = ["\n".join(lines)]
            case 5:
                at = draw.randrange(len(source) + 1)
                words = [source[:at], draw.choice("()[]{}.,:=*'\"\n\t #@\\0é\x00"), source[at:]]
        source = "".join(words)
    return source


def test_small_accidents_are_answered() -> None:
    draw = random.Random(3)
    snippets = [*SEQUENTIAL.values(), *CLASSES.values(), *PAPERS.values()]
    said = []
    for snippet in draw.choices(snippets, k=MUTANTS):
        said.append(answer(mutated(snippet.source, draw), snippet.shape))
    assert 0.05 < sum(words == "built" for words in said) / MUTANTS < 0.95
