from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.dataset import Dataset
from core.data.decoding import open_picture
from core.embeddings import extraction
from core.embeddings.extraction import Extracted, extract, open_extractor
from core.errors import Cancelled, ModelFileError, PicturesLost
from core.models.backbones import load_backbone
from core.records import to_json
from core.training.config import Precision
from core.training.frozen_numbers import Numbers, numbers_file
from core.training.frozen_pass import BATCH
from core.workspace import Workspace, write_json
from tests.core.embeddings.tiny import FEATURES, tiny_extractor
from tests.digits import may_lose_pictures

ROWS = range(100)


@pytest.fixture
def plain(workspace: Workspace) -> None:
    """Float32, without a measurement."""
    for seed in (0, 1):
        stored = numbers_file(workspace, f"tiny/{seed}", "cpu")
        stored.parent.mkdir(parents=True, exist_ok=True)
        write_json(stored, to_json(Numbers(Precision.FLOAT32, {"float32": 1.0}, 8)))


def features(extracted: Extracted, dataset: Dataset, rows=ROWS) -> np.ndarray:
    with extracted.store as store:
        return store.read([dataset.pictures[row].key for row in rows])


def bare(dataset: Dataset, rows=ROWS) -> np.ndarray:
    """The same without any of ours: one picture at a time."""
    extractor = tiny_extractor()
    found = []
    for row in rows:
        picture = open_picture(dataset.path(dataset.pictures[row]), at_least=extractor.receives.at_least)
        x = torch.from_numpy(extractor.receives.normalized(extractor.receives.pixels(picture)[None]))
        found.append(extractor.model(x).flatten().numpy())
    return np.stack(found)


@pytest.mark.usefixtures("plain")
def test_features_are_those_of_the_bare_network(workspace: Workspace, digits: Dataset) -> None:
    extracted = extract(workspace, tiny_extractor(), digits, ROWS)
    assert (extracted.computed, extracted.numbers.precision) == (len(ROWS), Precision.FLOAT32)
    np.testing.assert_allclose(features(extracted, digits), bare(digits), rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("plain")
def test_what_is_there_is_not_computed_again(workspace: Workspace, digits: Dataset) -> None:
    first = extract(workspace, tiny_extractor(), digits, ROWS[:60])
    again = extract(workspace, tiny_extractor(), digits, ROWS[:60])
    ten_more = extract(workspace, tiny_extractor(), digits, ROWS[:70])
    other = extract(workspace, tiny_extractor(seed=1), digits, ROWS[:70])
    assert [each.computed for each in (first, again, ten_more, other)] == [60, 0, 10, 70]
    np.testing.assert_array_equal(features(first, digits, ROWS[:60]), features(again, digits, ROWS[:60]))


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_interrupted_extraction_goes_on_where_it_was(
    workspace: Workspace, digits: Dataset, after: int
) -> None:
    done: list[int] = []

    def count(now: int, total: int, what: str) -> None:
        done.append(now)

    with pytest.raises(Cancelled):
        extract(
            workspace,
            tiny_extractor(),
            digits,
            ROWS,
            on_progress=count,
            should_stop=lambda: bool(done) and done[-1] >= after * BATCH,
        )
    rest = extract(workspace, tiny_extractor(), digits, ROWS)
    assert rest.computed == len(ROWS) - after * BATCH
    np.testing.assert_allclose(features(rest, digits), bare(digits), rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("plain")
def test_an_error_at_work_keeps_what_was_done(
    workspace: Workspace, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = extraction.outputs_of, []

    def fails_at_the_third(model, pictures):
        calls.append(len(pictures))
        if len(calls) == 3:
            raise MemoryError
        return real(model, pictures)

    monkeypatch.setattr(extraction, "outputs_of", fails_at_the_third)
    with pytest.raises(MemoryError):
        extract(workspace, tiny_extractor(), digits, ROWS)
    assert extract(workspace, tiny_extractor(), digits, ROWS).computed == len(ROWS) - 2 * BATCH


@pytest.mark.usefixtures("plain")
def test_copies_are_computed_once(workspace: Workspace, digits: Dataset) -> None:
    extracted = extract(workspace, tiny_extractor(), digits, [3, 4, 3, 3])
    assert extracted.computed == 2
    found = features(extracted, digits, [3, 4, 3, 3])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.usefixtures("plain")
def test_lost_pictures_are_named_and_the_others_kept(workspace: Workspace, digits: Dataset) -> None:
    lost = [digits.pictures[row] for row in (2, 50, 51)]
    may_lose_pictures(digits)
    for picture in lost:
        digits.path(picture).unlink()
    with pytest.raises(PicturesLost, match="3 pictures") as caught:
        extract(workspace, tiny_extractor(), digits, ROWS)
    assert caught.value.keys == tuple(picture.key for picture in lost)
    rest = [row for row in ROWS if digits.pictures[row] not in lost]
    assert extract(workspace, tiny_extractor(), digits, rest).computed == 0


def test_numbers_are_measured_once(workspace: Workspace, digits: Dataset) -> None:
    said: list[str] = []

    def listen(done: int, total: int, what: str) -> None:
        said.append(what)

    first = extract(workspace, tiny_extractor(), digits, ROWS, on_progress=listen)
    assert "measuring" in said[0]
    said.clear()
    again = extract(workspace, tiny_extractor(), digits, ROWS, on_progress=listen)
    assert again.numbers == first.numbers
    assert not said
    assert features(again, digits).shape == (len(ROWS), FEATURES)


def test_a_backbone_loses_its_head_and_nothing_else(workspace: Workspace) -> None:
    extractor = open_extractor(workspace, "squeezenet1_1", 0)
    whole = load_backbone(workspace, "squeezenet1_1", 0)
    assert (extractor.key, extractor.features) == (whole.key, 512)
    x = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        features = extractor.model(x).flatten(1)
        maps = whole.model.features(x)
    assert features.shape == (2, 512)
    torch.testing.assert_close(features, maps.relu().mean((2, 3)))


def test_missing_weights_say_so(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ModelFileError, match="not on this machine"):
        open_extractor(workspace, "densenet121")
