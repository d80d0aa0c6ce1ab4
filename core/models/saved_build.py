"""From a description and a state dict to the network that they are of."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.errors import ModelFileError
from core.models.cnn import build_cnn
from core.models.feature_classifier import FeatureClassifier
from core.models.heads import FoundHead, find_head, replace_head
from core.models.saved_model import HeadConfig, Saved, SavedFeatures, SavedFineTuned, SavedModel
from core.models.weights_file import model_on_meta


def build_saved(saved: Saved, state_dict: Mapping[str, Tensor], *, named: str = "The weights") -> nn.Module:
    """The network of `saved` with the weights of `state_dict`, in eval mode on the CPU.

    Raises:
        ModelFileError: they don't belong together.
    """
    model = empty_network(saved)
    try:
        model.load_state_dict(dict(state_dict), assign=True)
    except (RuntimeError, TypeError, AttributeError) as mismatch:
        raise ModelFileError(
            f"{named} don't fit the network that stands beside them: {str(mismatch)[:400]}",
            fix="They and model.json come from two different runs. Train the run again.",
        ) from mismatch
    return model.eval().requires_grad_(False)


def empty_network(saved: Saved) -> nn.Module:
    """The network of `saved` on the meta device, where no weight takes memory."""
    with torch.device("meta"):
        match saved:
            case SavedModel():
                return build_cnn(saved.cnn, saved.preprocessing.shape, saved.outputs)
            case SavedFineTuned():
                model = model_on_meta(saved.backbone)
                replace_head(model, build_head(find_head(model), saved.head, saved.outputs))
                return model
            case SavedFeatures():
                return FeatureClassifier(headless(saved.backbone), saved.features, saved.outputs)
    raise TypeError(f"no network for {type(saved).__name__}")


def build_head(found: FoundHead, config: HeadConfig, outputs: int) -> nn.Sequential:
    """A head for what `found` received: (B, features), or (B, features, h, w) where it is a convolution."""
    layers: list[nn.Module] = []
    width = found.features
    for units in config.hidden:
        layers += [_linear(found, width, units), nn.ReLU(), nn.Dropout(config.dropout)]
        width = units
    return nn.Sequential(*layers, _linear(found, width, outputs))


def headless(backbone: str) -> nn.Module:
    """A backbone on the meta device that puts out its features (B, N) instead of logits."""
    model = model_on_meta(backbone)
    replace_head(model, nn.Identity())
    return model


def _linear(found: FoundHead, inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 1) if found.is_convolution else nn.Linear(inputs, outputs)
