import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_sample_images
from torch import nn

import core.serving.familiarity as familiarity_module
from core.data.dataset import Dataset, delete_dataset
from core.data.splitting import current_split
from core.errors import DatasetError
from core.models.saved_build import build_saved
from core.runs.store import Run
from core.serving.familiarity import (
    distance,
    familiarity_of,
    farthest,
    learn_familiarity,
    least_pictures,
)
from core.serving.last_features import with_last_features
from core.serving.model_sources import stamp_of
from core.serving.prediction import load_predictor
from core.workspace import Workspace
from tests.pages.runs import run, trained_folder

__all__ = ["run", "trained_folder"]


def test_the_distance_is_that_of_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(familiarity_module, "ROWS", 7)
    generator = np.random.default_rng(0)
    features, known = generator.normal(size=(30, 5)), generator.normal(size=(12, 5))
    assert distance(features, known) == pytest.approx(cdist(features, known).min(1), abs=1e-6)
    assert distance(known, known) == pytest.approx(np.zeros(12), abs=1e-6)
    assert distance(features[:0], known).shape == (0,)


@pytest.mark.parametrize("pictures", [30, 99, 250])
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_the_promised_share_of_new_pictures_is_kept(pictures: int, share: float) -> None:
    generator = np.random.default_rng(1)
    rejected = [
        (generator.exponential(size=200) > farthest(generator.exponential(size=pictures), share)).mean()
        for _ in range(400)
    ]
    assert share - 1 / (pictures + 1) - 0.01 < np.mean(rejected) < share + 0.01


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2])
def test_with_too_few_pictures_nothing_is_rejected(share: float) -> None:
    enough = least_pictures(share)
    assert np.isfinite(farthest(np.arange(enough), share))
    assert farthest(np.arange(enough - 1), share) == np.inf


def test_the_last_features_make_the_logits_and_the_model_gets_no_hook(run: Run, digits: Dataset) -> None:
    predictor = load_predictor(run)
    pictures = [predictor.read(digits.path(each)) for each in digits.pictures[:5]]
    probabilities, features = predictor.predict_with_features(pictures)
    assert probabilities == pytest.approx(predictor.predict(pictures), abs=1e-6)
    head = [each for each in predictor.model.modules() if isinstance(each, nn.Linear)][-1]
    logits = features @ head.weight.numpy().T + head.bias.numpy()
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert shares == pytest.approx(probabilities, abs=1e-5)
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in predictor.model.modules())


def test_a_convolution_as_the_last_layer_gives_the_mean_of_each_map() -> None:
    import torch

    from core.models.heads import find_head
    from core.models.weights_file import model_on_meta

    model = model_on_meta("squeezenet1_1").to_empty(device="cpu").eval()
    for weights in model.parameters():
        nn.init.normal_(weights, std=0.05)
    look = with_last_features(model)
    with torch.inference_mode():
        logits, features = look(torch.randn(2, 3, 64, 64))
    assert features.shape == (2, find_head(model).features)
    assert logits.shape == (2, 1000)


def test_photos_are_far_from_what_a_digits_model_knows_and_new_digits_are_not(
    workspace: Workspace, run: Run, digits: Dataset
) -> None:
    predictor = load_predictor(run)
    heard: list[tuple[int, int]] = []
    learned = learn_familiarity(
        workspace, run, predictor, "1", on_progress=lambda done, total, what: heard.append((done, total))
    )
    split = current_split(digits)
    assert heard[-1] == (len(split.train) + len(split.valid),) * 2
    assert len(learned.known) == len(split.train)
    limit = farthest(learned.distances, 0.05)

    def far(pictures: list[np.ndarray]) -> float:
        return float((distance(predictor.predict_with_features(pictures)[1], learned.known) > limit).mean())

    test = [predictor.read(digits.path(digits.pictures[row])) for row in split.test]
    assert far(test) < 0.12  # 73 pictures: 5 % and what chance adds
    assert far(photo_patches(predictor)) > 0.9


def photo_patches(predictor) -> list[np.ndarray]:
    """Squares cut out of photographs, as the network receives them."""
    from PIL import Image

    photos, generator = load_sample_images().images, np.random.default_rng(0)
    patches = []
    for number in range(40):
        top, left = generator.integers(0, 300), generator.integers(0, 500)
        patch = Image.fromarray(photos[number % 2][top : top + 120, left : left + 120])
        patches.append(predictor.received(patch))
    return patches


def test_it_is_kept_for_the_model_that_was_looked_at(workspace: Workspace, run: Run, digits: Dataset) -> None:
    predictor, stamp = load_predictor(run), stamp_of(workspace, f"run.{run.id}")
    assert familiarity_of(run, stamp) is None
    (run.folder / "best.pt").touch()  # the run goes on learning
    learned = learn_familiarity(workspace, run, predictor, stamp)
    kept = familiarity_of(run, stamp)
    assert np.array_equal(kept.known, learned.known)
    assert np.array_equal(kept.distances, learned.distances)
    assert familiarity_of(run, stamp_of(workspace, f"run.{run.id}")) is None


def test_without_its_data_set_it_can_not_be_learned(workspace: Workspace, run: Run, digits: Dataset) -> None:
    delete_dataset(workspace, digits.id)
    with pytest.raises(DatasetError, match="There is no data set"):
        learn_familiarity(workspace, run, load_predictor(run), "1")


def test_features_of_a_frozen_backbone_are_what_the_regression_gets() -> None:
    import torch

    from core.models.backbones import preprocessing_of
    from core.models.saved_build import empty_network
    from core.models.saved_model import SavedFeatures

    saved = SavedFeatures("squeezenet1_1", 512, preprocessing_of("squeezenet1_1"), ("a", "b", "c"))
    state = {
        name: torch.randn(value.shape, dtype=value.dtype) * 0.05
        for name, value in empty_network(saved).state_dict().items()
    }
    model = build_saved(saved, state)
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        _, features = with_last_features(model)(x)
        assert torch.equal(features, model.backbone(x).flatten(1))
