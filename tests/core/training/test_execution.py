import pytest

from core.training.config import Precision
from core.training.execution import Execution


@pytest.mark.parametrize(
    ("precision", "channels_last", "compiled", "words"),
    [
        (Precision.BFLOAT16, True, False, "bfloat16, channels last"),
        (Precision.FLOAT32, False, False, "float32, channels first"),
        (Precision.FLOAT32, True, True, "float32, channels last, compiled"),
    ],
)
def test_an_execution_says_itself(
    precision: Precision, channels_last: bool, compiled: bool, words: str
) -> None:
    assert Execution("cpu", precision, channels_last, 2, 32, compiled).words == words
