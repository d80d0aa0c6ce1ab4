"""The last features of a network: what its final layer makes the logits of."""

from collections.abc import Callable

from torch import Tensor, nn

from core.insight.stand_in import stand_in
from core.models.feature_classifier import FeatureClassifier
from core.models.heads import find_head

Look = Callable[[Tensor], tuple[Tensor, Tensor]]


def with_last_features(model: nn.Module) -> Look:
    """A pass through `model` that gives its logits and the features (B, D) before its last linear layer.

    Where that is a 1 x 1 convolution, each feature is the mean of its map. The model itself gets no hook, so
    that others can use it meanwhile.
    """
    network = stand_in(model)
    taken: list[Tensor] = []

    def take(features: Tensor) -> None:
        taken.append(features.mean((2, 3)) if features.dim() == 4 else features.flatten(1))

    if isinstance(network, FeatureClassifier):
        network.backbone.register_forward_hook(lambda module, args, output: take(output))
    else:
        last = network.get_submodule(find_head(network).name)
        last.register_forward_pre_hook(lambda module, args: take(args[0]))

    def look(x: Tensor) -> tuple[Tensor, Tensor]:
        taken.clear()
        logits = network(x)
        return logits, taken[-1].float()

    return look
