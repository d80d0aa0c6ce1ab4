import pytest

from pages.shared import text


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 bytes"),
        (512, "512 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (2_345_678, "2.3 MB"),
        (5e11, "500 GB"),
    ],
)
def test_size(n_bytes: float, words: str) -> None:
    assert text.size(n_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (4.4, "4 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (4320, "1 h 12 min")],
)
def test_duration(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


def test_count() -> None:
    assert text.count(1, "picture") == "1 picture"
    assert text.count(1797, "picture") == "1,797 pictures"
    assert text.count(2, "class", "classes") == "2 classes"


def test_numbered_leaves_no_two_alike() -> None:
    assert text.numbered(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"]


def test_plain_disarms_markdown() -> None:
    assert (
        text.plain("[a](http://b) *c* `d` <e> $f$ :g:") == r"\[a\]\(http\://b\) \*c\* \`d\` \<e\> \$f\$ \:g\:"
    )
    assert text.plain("two\nlines\t# no heading") == r"two lines \# no heading"


def test_a_name_cannot_turn_the_text_around_it() -> None:
    assert text.plain("cat\u202egnp") == "catgnp"
    assert text.plain("\u05d7\u05ea\u05d5\u05dc") == "\u05d7\u05ea\u05d5\u05dc"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.123, "0.12 s"), (3.14, "3.1 s"), (9.96, "10 s"), (75, "1 min 15 s")],
)
def test_the_parts_of_a_few_seconds_count(seconds: float, words: str) -> None:
    assert text.short_time(seconds) == words
