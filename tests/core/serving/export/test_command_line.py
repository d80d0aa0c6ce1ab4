"""The command line of an export's scripts, with a network that knows how bright a picture is."""

import csv
import os
import sys
from pathlib import Path

import pytest

from core.serving.export.command_line import ALL_GOOD, NOTHING_TO_DO, SOME_FAILED, run

CLASSES = ("dark", "=bright")


def read(path: Path) -> float:
    if not path.exists() or not path.read_text().strip():
        raise ValueError("The file is empty.")
    return float(path.read_text())


def ask(*arguments: object) -> int:
    sizes: list[int] = []

    def predict(pictures: list[float]) -> list[list[float]]:
        sizes.append(len(pictures))
        return [[1 - bright, bright] for bright in pictures]

    status = run([str(each) for each in arguments], "About.", CLASSES, read, predict)
    assert not sizes or max(sizes) <= 16
    return status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"b.png": "0.75", "a.JPG": "0.25", "deep/er/c.png": "0.5", "notes.txt": "0", ".hidden.png": "0"}
    for name, bright in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(bright)
    return tmp_path / "in"


def lines_of(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))


def test_a_folder_gives_a_line_for_each_picture_below_it(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert ask(folder) == ALL_GOOD
    header, *lines = lines_of(capsys.readouterr().out)
    assert header == ["file", "prediction", "probability"]
    assert [Path(name).name for name, *_ in lines] == ["a.JPG", "b.png", "c.png"]
    assert lines[0][1:] == ["dark", "0.75000000"]
    assert lines[1][1] == "'=bright"  # no formula for a spreadsheet
    assert lines[2][1] == "dark"  # of equals the first


def test_the_table_goes_into_a_file_whole(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "table.csv"
    assert ask(folder, "--top", 2, "--out", out, "--batch", 1) == ALL_GOOD
    header, *lines = lines_of(out.read_text())
    assert header == ["file", "prediction", "probability", "prediction 2", "probability 2"]
    assert all(float(line[2]) + float(line[4]) == 1 for line in lines)
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["table.csv"]


def test_bad_files_are_named_and_the_others_predicted(folder: Path, capsys: pytest.CaptureFixture) -> None:
    (folder / "empty.png").touch()
    assert ask(folder, folder / "gone.png", folder / "notes.txt") == SOME_FAILED
    said = capsys.readouterr()
    assert len(lines_of(said.out)) == 1 + 4  # a file that is named is taken whatever its ending is
    assert [line.split(": ")[0].split("/")[-1] for line in said.err.splitlines()] == ["empty.png", "gone.png"]


def test_a_file_that_is_named_twice_is_predicted_once(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert ask(folder / "b.png", folder / "b.png") == ALL_GOOD
    assert len(lines_of(capsys.readouterr().out)) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_in_no_known_letters_comes_back_as_it_is(folder: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"gr\xfcn.png")
    (folder / "b.png").rename(folder / name)
    assert ask(folder, "--out", tmp_path / "table.csv") == ALL_GOOD
    assert b"gr\xfcn.png,'=bright" in (tmp_path / "table.csv").read_bytes()


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert ask(tmp_path) == NOTHING_TO_DO
    assert "No picture was found." in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [[], ["x", "--top", "0"], ["x", "--top", "3"], ["x", "--batch", "no"], ["x", "--unknown"]]
)
def test_wrong_use_ends_with_2(wrong: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        ask(*wrong)
    assert end.value.code == NOTHING_TO_DO
    assert "usage" in capsys.readouterr().err


def test_help_tells_the_exit_statuses(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        ask("--help")
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "About." in said
    assert "exit status" in said
    assert "--top K" in said


def test_a_table_that_can_t_be_written_is_said(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert ask(folder, "--out", folder / "no" / "such" / "folder.csv") == NOTHING_TO_DO
    assert "can't be written" in capsys.readouterr().err
