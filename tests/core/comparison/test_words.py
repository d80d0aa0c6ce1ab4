import pytest

from core.comparison.intervals import Estimate
from core.comparison.scores import Score
from core.comparison.words import interval_words, listed, p_words, size_words, time_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0031, "3.1 ms"),
        (0.0312, "31 ms"),
        (0.99, "990 ms"),
        (2.04, "2 s"),
        (42, "42 s"),
        (300, "5 min"),
        (9000, "2.5 h"),
    ],
)
def test_time(seconds: float, words: str) -> None:
    assert time_words(seconds) == words


@pytest.mark.parametrize(("n_bytes", "words"), [(12, "12 bytes"), (48_210, "48.2 KB"), (2.5e9, "2.5 GB")])
def test_size(n_bytes: float, words: str) -> None:
    assert size_words(n_bytes) == words


def test_scores() -> None:
    assert interval_words(Score.ACCURACY, Estimate(0.9333, 0.875, 0.975)) == "93.3 % (87.5–97.5)"
    assert interval_words(Score.LOG_LOSS, Estimate(0.2, 0.1, 0.3)) == "0.200 (0.100–0.300)"


def test_p_and_lists() -> None:
    assert (p_words(0.0004), p_words(0.0312), p_words(1)) == ("p < 0.001", "p = 0.031", "p = 1")
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
