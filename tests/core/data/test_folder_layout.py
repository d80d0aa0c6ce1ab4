import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.folder_layout import Layout, Place, shown, understand


def places(*names: str) -> dict[str, Place]:
    layout = understand(names)
    return {names[index]: place for index, place in layout.places.items()}


def reasons(layout: Layout) -> dict[str, str]:
    return {rejected.name: rejected.reason for rejected in layout.rejected}


CLASSES = {"cat/1.png": Place(None, "cat"), "dog/2.png": Place(None, "dog")}
SPLITS = {
    "train/cat/1.png": Place("train", "cat"),
    "val/cat/2.png": Place("valid", "cat"),
    "test/dog/3.png": Place("test", "dog"),
}


@pytest.mark.parametrize("expected", [CLASSES, SPLITS])
@pytest.mark.parametrize("wrapping", ["", "pets/", "downloads/pets/"])
def test_layouts_also_inside_wrapping_folders(expected: dict[str, Place], wrapping: str) -> None:
    assert places(*(wrapping + name for name in expected)) == {wrapping + n: p for n, p in expected.items()}


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val", "VALIDATION"])
def test_names_of_the_validation_folder(name: str) -> None:
    assert places("train/a/1.png", f"{name}/a/2.png")[f"{name}/a/2.png"] == Place("valid", "a")


def test_folders_below_a_class_belong_to_it() -> None:
    assert places("cat/young/1.png", "cat/2.png", "dog/3.png")["cat/young/1.png"].label == "cat"
    assert places("root/cat/young/1.png", "root/dog/2.png")["root/cat/young/1.png"].label == "cat"
    assert places("train/cat/deep/er/1.png", "test/cat/2.png")["train/cat/deep/er/1.png"].label == "cat"


def test_one_class_with_something_nested_is_no_wrapping() -> None:
    assert {p.label for p in places("cat/1.png", "cat/young/2.png").values()} == {"cat"}


def test_a_file_beside_the_classes_doesn_t_hide_the_wrapping() -> None:
    layout = understand(["pets/readme.txt", "pets/cat/1.png", "pets/dog/2.png"])
    assert {place.label for place in layout.places.values()} == {"cat", "dog"}
    assert reasons(layout) == {"pets/readme.txt": "It lies in no class folder."}


def test_one_class_in_a_wrapping_folder() -> None:
    assert places("pets/cat/1.png") == {"pets/cat/1.png": Place(None, "cat")}


def test_a_class_may_be_called_train() -> None:
    assert {p.label for p in places("train/1.png", "plane/2.png", "car/3.png").values()} == {
        "train",
        "plane",
        "car",
    }


def test_one_split_alone_is_a_split() -> None:
    assert places("train/cat/1.png", "train/dog/2.png")["train/dog/2.png"] == Place("train", "dog")


def test_files_outside_classes_and_splits_are_named() -> None:
    layout = understand(["train/a/1.png", "valid/a/2.png", "train/loose.png", "extra/a/3.png", "top.png"])
    assert reasons(layout) == {
        "train/loose.png": "It lies in train itself, not in a class folder.",
        "extra/a/3.png": "It lies beside the train, valid and test folders, not in one of them.",
        "top.png": "It lies beside the train, valid and test folders, not in one of them.",
    }


@pytest.mark.parametrize(
    "litter", ["__MACOSX/pets/cat/._1.png", "cat/.DS_Store", "cat/._1.png", "Thumbs.db", "cat/desktop.ini"]
)
def test_litter_is_passed_over(litter: str) -> None:
    layout = understand(["cat/1.png", "dog/2.png", litter])
    assert (len(layout.places), layout.rejected, layout.notes) == (2, (), ())


def test_hidden_folders_are_noted() -> None:
    layout = understand(["cat/1.png", "dog/2.png", ".cache/x/1.png", ".cache/x/2.png"])
    assert len(layout.places) == 2
    assert layout.notes == ("Hidden folder .cache was left out.",)


def test_empty_classes_are_noted() -> None:
    notes = understand(["pets/", "pets/cat/", "pets/fish/", "pets/cat/1.png", "pets/dog/2.png"]).notes
    assert notes == ("Class folder fish is empty, so there is no such class.",)
    splits = understand(["train/cat/", "train/fish/", "train/cat/1.png", "test/cat/2.png"]).notes
    assert splits == ("Class folder fish is empty, so there is no such class.",)


def test_classes_that_differ_in_case_are_kept_apart_and_noted() -> None:
    layout = understand(["Cat/1.png", "cat/2.png", "dog/3.png", "dog/A.png", "dog/a.png"])
    assert {place.label for place in layout.places.values()} == {"Cat", "cat", "dog"}
    assert len(layout.places) == 5
    assert layout.notes == ("Classes Cat and cat differ in upper and lower case only and were kept apart.",)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.png", "leads out"),
        ("cat/../../etc/passwd", "leads out"),
        ("cat\\..\\..\\windows.png", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\x.png", "absolute"),
        ("C:\\Users\\x.png", "absolute"),
    ],
)
def test_hostile_names_are_rejected(name: str, reason: str) -> None:
    layout = understand(["cat/1.png", name])
    assert list(layout.places) == [0]
    assert reason in layout.rejected[0].reason


def test_windows_separators() -> None:
    assert places("cat\\1.png", "dog\\2.png")["cat\\1.png"] == Place(None, "cat")


def test_accents_written_in_two_ways_are_one_class() -> None:
    assert len({place.label for place in places("cafe\u0301/1.png", "caf\u00e9/2.png").values()}) == 1


def test_names_that_can_t_be_shown() -> None:
    assert shown("a\nb\x00\udcff") == "a�b��"
    assert shown("日本/é.png") == "日本/é.png"


part = st.text(alphabet="aB.:_ é/\\~\x00", max_size=6) | st.sampled_from(
    ["train", "val", "test", "cat", "..", ".x"]
)


@given(st.lists(st.lists(part, min_size=1, max_size=4).map("/".join), max_size=12))
def test_any_names_are_placed_rejected_or_litter(names: list[str]) -> None:
    layout = understand(names)
    assert len(layout.places) + len(layout.rejected) <= len(names)
    for place in layout.places.values():
        assert place.label
        assert place.split in (None, "train", "valid", "test")
    assert all(".." not in names[index].replace("\\", "/").split("/") for index in layout.places)
