import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from core.data.preprocessing import Preprocessing
from core.models.cnn import build_cnn
from core.models.cnn_walk import walk
from core.models.presets import DEFAULT_PRESET, PRESETS


@pytest.mark.parametrize("key", PRESETS)
@pytest.mark.parametrize("channels", [1, 3])
def test_can_be_built_at_its_size_in_grey_and_colour(key, channels):
    preset = PRESETS[key]
    assert walk(preset.config, (channels, *preset.size), 10).problem is None


def test_the_default_is_first_in_the_list():
    assert next(iter(PRESETS)) == DEFAULT_PRESET


@pytest.mark.slow
def test_the_default_reads_97_percent_of_unseen_digits_within_5_epochs():
    preset = PRESETS[DEFAULT_PRESET]
    preprocessing = Preprocessing.of(preset.size, preset.color)
    values, labels = load_digits(return_X_y=True)
    digits = (values * 255 / 16).astype(np.uint8).reshape(-1, 8, 8)
    pixels = np.stack([preprocessing.pixels(Image.fromarray(digit)) for digit in digits])
    inputs, labels = torch.from_numpy(preprocessing.normalized(pixels)), torch.from_numpy(labels)
    torch.manual_seed(0)
    train, valid = torch.randperm(len(labels)).split([1258, 539])
    network = build_cnn(preset.config, preprocessing.shape, 10)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    accuracies = []
    for _ in range(5):
        network.train()
        for batch in train[torch.randperm(len(train))].split(32):
            optimizer.zero_grad()
            cross_entropy(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()
        with torch.inference_mode():
            hits = network.eval()(inputs[valid]).argmax(1) == labels[valid]
        accuracies.append(hits.float().mean().item())
        if accuracies[-1] >= 0.97:
            break
    assert max(accuracies) >= 0.97, f"after each epoch: {accuracies}"
