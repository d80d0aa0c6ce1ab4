import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.filtering.correlation import Sliding
from core.filtering.kernels import KernelName, named_kernel
from core.filtering.pictures import Photo, grey, lab_picture, photo
from core.filtering.strip import run_strip


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(KernelName),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    window=st.integers(1, 4),
    bias=st.integers(-255, 255),
)
def test_the_strip_is_the_block_of_a_cnn(name, stride, padding, window, bias):
    picture, kernel = grey(lab_picture(photo(Photo.FLOWER), 24)), named_kernel(name)
    conv = nn.Conv2d(1, 1, 3, stride, padding, dtype=torch.float64)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(kernel.values)[None])
        conv.bias.fill_(bias)
        block = [conv, nn.ReLU(), nn.MaxPool2d(window)]
        results = [torch.from_numpy(picture.astype(np.float64))[None]]
        for layer in block:
            results.append(layer(results[-1]))
    strip = run_strip(picture, kernel, Sliding(stride, padding), window, window, bias)
    for mine, theirs in zip(
        (strip.filtered.output, strip.rectified, strip.pooled.largest), results[1:], strict=True
    ):
        np.testing.assert_allclose(mine, theirs[0].numpy(), rtol=0, atol=1e-6)
    assert strip.rectified.min() >= 0
