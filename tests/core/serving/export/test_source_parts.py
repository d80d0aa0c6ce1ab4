import ast

import pytest

import core.data.decoding as decoding
from core.serving.export.source_parts import source_of


def test_parts_come_as_written_in_their_order() -> None:
    text = source_of(decoding, "_opened", "_SIDEWAYS", "MAX_SIDE", "PictureFacts")
    assert [type(node).__name__ for node in ast.parse(text).body] == [
        "Assign",
        "Assign",
        "ClassDef",
        "FunctionDef",
    ]
    assert text.startswith(
        "MAX_SIDE = 60_000\n_SIDEWAYS = {5, 6, 7, 8}\n\n\n@dataclass(frozen=True, slots=True)\n"
    )
    assert "\n\n\n@contextmanager\ndef _opened(" in text


def test_a_part_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match="no _gone"):
        source_of(decoding, "_scaled", "_gone")
