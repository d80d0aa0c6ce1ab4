import pytest

from core.errors import CodeRefused
from core.models.pasted.network import read_network
from core.models.pasted.source import LONGEST, parse

PLAIN = "model = nn.Sequential(\n    nn.ReLU(),\n    nn.Tanh(),\n)"


def lines(source: str) -> list[int | None]:
    return [row.line for row in read_network(source).walk((1, 4, 4)).rows]


class TestParse:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            (PLAIN, [2, 3]),
            (PLAIN.replace("\n", "\r\n"), [2, 3]),
            (PLAIN.replace("\n", "\r"), [2, 3]),
            (PLAIN.replace("    ", "\t"), [2, 3]),
            ("\ufeff" + PLAIN.replace(" =", "\u00a0="), [2, 3]),
            ("    " + PLAIN.replace("\n", "\n    "), [2, 3]),
            (f"Here it is:\n\n```python\n{PLAIN}\n```\nIt doesn't work!", [5, 6]),
            (">>> import torch\n>>> " + PLAIN.replace("\n", "\n... ") + "\n>>> model\nSequential(\n", [3, 4]),
            (f"!pip install torch\n%matplotlib inline\n{PLAIN}", [4, 5]),
        ],
        ids=["plain", "CRLF", "CR", "tabs", "web page", "indented", "Markdown", "prompts", "notebook"],
    )
    def test_keeps_the_lines_of_the_text(self, source: str, expected: list[int]) -> None:
        assert lines(source) == expected

    def test_refuses_what_is_too_long(self) -> None:
        with pytest.raises(CodeRefused, match="too long"):
            parse("#" * (LONGEST + 1))

    def test_says_where_python_stops(self) -> None:
        with pytest.raises(CodeRefused, match="not valid Python") as caught:
            parse("a = 1\nb = = 2\n")
        assert caught.value.line == 2
