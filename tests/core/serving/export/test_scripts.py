"""What the scripts of an export decode is what the app decodes."""

import sys
from types import ModuleType

import numpy as np
import pytest

from core.data.decoding import open_picture
from core.errors import PictureRejected
from core.serving.export.scripts import command_line_script, pictures_script
from tests.odd_pictures import odd_pictures


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    module = ModuleType("pictures")
    exec(compile(pictures_script(), "pictures.py", "exec"), module.__dict__)
    return module


def test_all_kinds_of_files_give_the_same_pixels(pictures: ModuleType) -> None:
    for kind, content in odd_pictures(38, most=120):
        for at_least in (None, (40, 20)):
            ours, theirs = (each.open_picture(content, at_least=at_least) for each in (_app(), pictures))
            assert ours.mode == theirs.mode, kind
            assert np.array_equal(np.asarray(ours), np.asarray(theirs)), kind


def test_what_is_no_picture_is_refused_in_the_same_words(pictures: ModuleType) -> None:
    for content in (b"", b"words", b"GIF89a\x01"):
        with pytest.raises(PictureRejected) as ours:
            open_picture(content)
        with pytest.raises(pictures.PictureRejected) as theirs:
            pictures.open_picture(content)
        assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("script", [pictures_script(), command_line_script()])
def test_a_script_needs_nothing_of_this_project(script: str) -> None:
    imports = [line.split()[1] for line in script.splitlines() if line.startswith(("import ", "from "))]
    foreign = {name.split(".")[0] for name in imports} - sys.stdlib_module_names
    assert foreign <= {"numpy", "PIL"}


def _app() -> ModuleType:
    import core.data.decoding

    return core.data.decoding
