from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.data.dataset import Dataset
from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import Cancelled
from core.insight.excitation import BEST, excite, load_excitation, sample_of, save_excitation
from core.insight.places import map_places
from core.insight.recording import maps_of, record
from core.insight.subject import Subject
from core.models.traced import traced
from tests.digits import may_lose_pictures


def network() -> nn.Sequential:
    torch.manual_seed(0)
    dead = nn.Conv2d(1, 4, 3)
    with torch.no_grad():
        dead.weight[2], dead.bias[2] = 0, -1  # type: ignore[index]
    return nn.Sequential(dead, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 10)).eval()


@pytest.fixture
def subject() -> Subject:
    receives = Preprocessing.of((8, 8), ColorMode.GREY)
    return Subject("key", "name", network(), receives, (), False, traced(network(), (1, 8, 8)))


def test_the_best_pictures_and_places_are_those_of_all_maps(subject: Subject, digits: Dataset) -> None:
    row = map_places(subject.walk)[1].row
    indices = sample_of(digits, 100)
    assert len(set(indices)) == 100
    excitation = excite(subject, digits, indices, row)
    received = [subject.read(digits.path(digits.pictures[index])) for index in indices]
    maps = maps_of(subject, record(subject, subject.batch(received), [row]), row)
    assert excitation.seen == 100
    assert excitation.dead.tolist() == [2]
    np.testing.assert_allclose(excitation.low, maps.min((0, 2, 3)))
    np.testing.assert_allclose(excitation.high, maps.max((0, 2, 3)))
    np.testing.assert_allclose(excitation.zeros, (maps == 0).mean((0, 2, 3)))
    peaks = maps.max((2, 3))
    for channel in (0, 1, 3):
        best = np.argsort(-peaks[:, channel], kind="stable")[:BEST]
        assert excitation.pictures[channel].tolist() == [indices[position] for position in best]
        np.testing.assert_allclose(excitation.values[channel], peaks[best, channel], rtol=1e-5)
        for position, (y, x) in zip(best, excitation.places[channel], strict=True):
            assert maps[position, channel, y, x] == pytest.approx(peaks[position, channel], rel=1e-5)


def test_a_picture_that_is_gone_is_passed_over(subject: Subject, digits: Dataset) -> None:
    may_lose_pictures(digits)
    digits.path(digits.pictures[3]).unlink()
    excitation = excite(subject, digits, range(10), 0)
    assert excitation.seen == 9
    assert 3 not in excitation.pictures


def test_few_pictures_are_fewer_than_the_best(subject: Subject, digits: Dataset) -> None:
    assert excite(subject, digits, [5, 6], 0).values.shape == (4, 2)
    assert excite(subject, digits, [], 0).seen == 0


def test_it_can_be_stopped(subject: Subject, digits: Dataset) -> None:
    told: list[int] = []

    def progress(done: int, total: int, what: str) -> None:
        told.append(done)

    with pytest.raises(Cancelled):
        excite(subject, digits, range(200), 0, on_progress=progress, should_stop=lambda: len(told) > 1)
    assert told == [16, 32]


def test_saved_and_read_again(subject: Subject, digits: Dataset, tmp_path: Path) -> None:
    excitation = excite(subject, digits, range(20), 0)
    save_excitation(excitation, tmp_path / "found.npz")
    again = load_excitation(tmp_path / "found.npz")
    assert again.seen == 20
    for name in ("values", "pictures", "places", "low", "high", "zeros"):
        assert np.array_equal(getattr(again, name), getattr(excitation, name))
    assert [path.name for path in tmp_path.glob("*npz")] == ["found.npz"]
