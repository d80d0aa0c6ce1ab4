"""Code as people paste it, read and compared with what PyTorch makes of the same code."""

import pytest

from core.layers.formulas import parameter_text
from core.models.pasted.network import read_network
from tests.core.models.pasted.snippets.classes import CLASSES
from tests.core.models.pasted.snippets.papers import PAPERS
from tests.core.models.pasted.snippets.sequential import SEQUENTIAL
from tests.core.models.pasted.snippets.snippet import Snippet, run_really

READ = {**SEQUENTIAL, **CLASSES, **PAPERS}


@pytest.mark.parametrize("snippet", READ.values(), ids=READ)
def test_reads_what_pytorch_makes_of_it(snippet: Snippet) -> None:
    network = read_network(snippet.source)
    walk = network.walk(snippet.shape)
    real = run_really(snippet, network.name)
    assert walk.problem is None
    rows = {row.name: row.output for row in walk.rows}
    assert {name: rows.get(name) for name in real.layers} == real.layers
    assert (walk.rows[-1].output, walk.parameters) == (real.output, real.called)
    assert walk.parameters + sum(network.unused(walk).values()) == real.parameters


@pytest.mark.parametrize("snippet", READ.values(), ids=READ)
def test_rows_say_where_they_stand_in_the_code(snippet: Snippet) -> None:
    lines = snippet.source.replace("\r\n", "\n").split("\n")
    for row in read_network(snippet.source).walk(snippet.shape).rows:
        assert row.line is not None
        assert lines[row.line - 1].strip()
        assert row.sources
        assert row.record is None or isinstance(parameter_text(row.record), str)
