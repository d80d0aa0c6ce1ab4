from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import nn

import core.training.evaluation_batch as batches
from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import Cancelled
from core.faults import is_out_of_memory
from core.training.batches import Batcher
from core.training.config import Loss
from core.training.evaluation import evaluate, predict_probabilities
from core.training.evaluation_batch import evaluation_batch
from core.training.objective import Objective
from core.training.run_data import LabeledPictures
from tests.core.training.greedy import Greedy

COUNT = 70
PREPROCESSING = Preprocessing.of((6, 5), ColorMode.RGB)
OBJECTIVE = Objective(Loss.CROSS_ENTROPY)


@dataclass
class InMemory:
    """Real noise; `reads` lists how many rows were read at once."""

    pixels: np.ndarray
    reads: list[int] = field(default_factory=list)

    def read(self, rows: np.ndarray) -> np.ndarray:
        self.reads.append(len(rows))
        return self.pixels[rows]


@pytest.fixture
def data() -> LabeledPictures:
    draws = np.random.default_rng(0)
    pixels = draws.integers(0, 256, (COUNT + 5, 6, 5, 3), dtype=np.uint8)
    return LabeledPictures(InMemory(pixels), np.arange(5, COUNT + 5), draws.integers(0, 4, COUNT))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LARGEST", 32)


def network(greedy: Greedy | None = None) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(), nn.Flatten(),
        greedy or nn.Identity(), nn.Linear(8, 4),
    )  # fmt: skip


def batcher() -> Batcher:
    return Batcher(PREPROCESSING, torch.device("cpu"))


def plain_logits(model: nn.Module, data: LabeledPictures) -> torch.Tensor:
    """Of all pictures at once, as anybody would compute them."""
    pictures = torch.from_numpy(PREPROCESSING.normalized(data.pixels.read(data.rows)))
    with torch.no_grad():
        return model.eval()(pictures)


def test_the_score_is_that_of_all_pictures_at_once(data: LabeledPictures) -> None:
    model, labels = network().train(), torch.from_numpy(data.labels)
    score = evaluate(model, data, batcher(), OBJECTIVE)
    logits = plain_logits(model, data)
    assert score.loss == pytest.approx(float(nn.functional.cross_entropy(logits, labels)), rel=1e-6)
    assert score.accuracy == int((logits.argmax(1) == labels).sum()) / COUNT
    assert 0 < score.accuracy < 1


def test_probabilities_come_in_the_order_of_the_pictures(data: LabeledPictures) -> None:
    found = predict_probabilities(network(), data, batcher(), OBJECTIVE)
    expected = torch.softmax(plain_logits(network(), data), 1).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_comes_back_in_the_mode_that_it_had_and_unchanged(
    data: LabeledPictures, training: bool
) -> None:
    model = network().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, data, batcher(), OBJECTIVE)
    with pytest.raises(Cancelled):
        evaluate(model, data, batcher(), OBJECTIVE, should_stop=lambda: True)
    assert all(layer.training is training for layer in model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_it_looks_for_an_interruption_after_every_batch(data: LabeledPictures) -> None:
    greedy, asked = Greedy(COUNT), []

    def stop() -> bool:
        asked.append(len(greedy.seen))
        return len(asked) == 2

    with pytest.raises(Cancelled):
        evaluate(network(greedy), data, batcher(), OBJECTIVE, should_stop=stop)
    assert asked == [1, 2]


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        (20, [32, 16, 16, 16, 16, 6]),  # the first batch shows that 32 are too many
        (7, [32, 16, 8] + [4] * 16 + [4, 2]),
        (1, [32, 16, 8, 4, 2] + [1] * COUNT),
    ],
)
def test_a_batch_that_does_not_fit_into_the_memory_goes_through_in_halves(
    data: LabeledPictures, most: int, sizes: list[int]
) -> None:
    whole = evaluate(network(), data, batcher(), OBJECTIVE)
    greedy = Greedy(most)
    score = evaluate(network(greedy), data, batcher(), OBJECTIVE)
    assert greedy.seen == sizes
    assert score.loss == pytest.approx(whole.loss, rel=1e-6)
    assert score.accuracy == whole.accuracy
    assert isinstance(data.pixels, InMemory)
    assert data.pixels.reads == [32, 32, 6] * 2  # no picture is read twice


def test_one_picture_that_does_not_fit_is_an_error(data: LabeledPictures) -> None:
    model = network(Greedy(0)).train()
    with pytest.raises(RuntimeError) as caught:
        evaluate(model, data, batcher(), OBJECTIVE)
    assert is_out_of_memory(caught.value)
    assert model.training


def test_another_error_is_not_taken_for_full_memory(data: LabeledPictures) -> None:
    greedy = Greedy(COUNT)
    model = nn.Sequential(nn.Flatten(), greedy, nn.Linear(3, 4))
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        evaluate(model, data, batcher(), OBJECTIVE)
    assert greedy.seen == [32]


def test_a_batch_has_a_bounded_number_of_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LARGEST", 1024)
    monkeypatch.setattr(batches, "SMALLEST", 16)
    monkeypatch.setattr(batches, "PIXELS", {"cpu": 400_000, "cuda": 4_000_000})
    assert evaluation_batch((8, 8), "cpu") == 1024
    assert evaluation_batch((100, 40), "cpu") == 100
    assert evaluation_batch((100, 40), "cuda") == 1000
    assert evaluation_batch((100, 40), "mps") == 100
    assert evaluation_batch((1000, 1000), "cuda") == 16
