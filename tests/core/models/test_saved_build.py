import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import ConfigError, ModelFileError
from core.models.backbones import preprocessing_of
from core.models.cnn_config import CnnConfig, ConvBlock
from core.models.feature_classifier import FeatureClassifier
from core.models.heads import find_head
from core.models.saved_build import build_head, build_saved, empty_network
from core.models.saved_model import (
    HeadConfig,
    Saved,
    SavedFeatures,
    SavedFineTuned,
    SavedModel,
    load_model_description,
    save_model_description,
)
from core.models.weights_file import model_on_meta

LITE0 = "efficientnet_lite0"
SMALL = "mobilenet_v3_small"
CLASSES = ("a", "b", "c")


def saved_of(kind: str) -> Saved:
    match kind:
        case "cnn":
            return SavedModel(
                CnnConfig((ConvBlock(4),)), Preprocessing.of((8, 8), ColorMode.GREY), CLASSES, False
            )
        case "fine-tuned":
            return SavedFineTuned(SMALL, HeadConfig((5,), 0.1), preprocessing_of(SMALL), CLASSES, False)
    return SavedFeatures(SMALL, 1024, preprocessing_of(SMALL), CLASSES[:2])


def filled(saved: Saved) -> nn.Module:
    torch.manual_seed(0)
    model = empty_network(saved).to_empty(device="cpu")
    for value in model.state_dict().values():
        value.copy_(torch.rand_like(value.float()).to(value.dtype))
    return model.eval()


@pytest.mark.parametrize("kind", ["cnn", "fine-tuned", "features"])
def test_a_network_comes_back_from_its_description_and_weights(kind: str, tmp_path) -> None:
    saved = saved_of(kind)
    save_model_description(tmp_path, saved)
    assert load_model_description(tmp_path) == saved
    model = filled(saved)
    again = build_saved(saved, model.state_dict())
    x = torch.rand(2, *saved.preprocessing.shape)
    with torch.inference_mode():
        assert torch.equal(again(x), model(x))
        assert again(x).shape == (2, saved.outputs)
    assert not again.training


@pytest.mark.parametrize("kind", ["cnn", "fine-tuned", "features"])
def test_weights_of_another_network_are_refused(kind: str) -> None:
    with pytest.raises(ModelFileError, match=r"best\.pt.*don't fit"):
        build_saved(saved_of(kind), {"x": torch.zeros(1)}, named="The weights of best.pt")


@pytest.mark.parametrize("name", [LITE0, "squeezenet1_1"])
def test_the_lectures_head(name: str) -> None:
    found = find_head(model_on_meta(name))
    head = build_head(found, HeadConfig((500,), 0.2), 3)
    kinds = [type(layer).__name__ for layer in head]
    first = "Conv2d" if found.is_convolution else "Linear"
    assert kinds == [first, "ReLU", "Dropout", first]
    shape = (2, found.features, 4, 4) if found.is_convolution else (2, found.features)
    assert head(torch.rand(shape)).shape[:2] == (2, 3)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_feature_classifier_is_scikit_learns_scaler_and_regression(classes: int) -> None:
    numbers = np.random.default_rng(0)
    features = numbers.normal(size=(60, 7)).astype(np.float32)
    labels = numbers.integers(0, classes, 60)
    scaler = StandardScaler().fit(features.astype(np.float64))
    regression = LogisticRegression(max_iter=1000).fit(scaler.transform(features.astype(np.float64)), labels)
    model = FeatureClassifier(nn.Identity(), 7, 1 if classes == 2 else classes)
    values = {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "weight": regression.coef_,
        "bias": regression.intercept_,
    }
    model.load_state_dict({name: torch.from_numpy(value) for name, value in values.items()})
    logits = model(torch.from_numpy(features))
    shares = torch.softmax(logits, 1) if classes > 2 else torch.sigmoid(logits).squeeze(1)
    expected = regression.predict_proba(scaler.transform(features.astype(np.float64)))
    np.testing.assert_allclose(shares.numpy(), expected if classes > 2 else expected[:, 1], atol=1e-6)


def test_heads_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="hidden units"):
        HeadConfig((0,))
    with pytest.raises(ConfigError, match="dropout"):
        HeadConfig((), 1.0)
