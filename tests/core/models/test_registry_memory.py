import pytest
import torch
import torchvision

from core.layers.memory import Dtype
from core.models.registry_build import AS_PUBLISHED
from core.models.registry_memory import Held, model_memory

pytestmark = pytest.mark.slow

BATCH = 5  # not one of those that are measured


def kept_on_the_processor(name: str, side: int, dtype: torch.dtype) -> int:
    """Bytes that autograd saves in a real training step, each memory once, without weights."""
    model = torchvision.models.get_model(name, weights=None, **AS_PUBLISHED.get(name, {})).to(dtype).train()
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(torch.rand(BATCH, 3, side, side, dtype=dtype))
    return sum(storage.nbytes() for place, storage in saved.items() if place not in own)


@pytest.mark.parametrize(
    ("name", "side", "dtype"),
    [
        ("resnet18", 64, Dtype.FLOAT32),
        ("mobilenet_v3_small", 65, Dtype.FLOAT32),
        ("squeezenet1_1", 64, Dtype.FLOAT64),
        ("googlenet", 64, Dtype.FLOAT64),
        ("swin_t", 64, Dtype.FLOAT32),
    ],
)
def test_training_keeps_what_pytorch_saves(name: str, side: int, dtype: Dtype) -> None:
    found = model_memory(name, (3, side, side)).training
    assert found.total(BATCH, dtype) == kept_on_the_processor(name, side, getattr(torch, dtype.value))


def test_a_vision_transformers_attention_keeps_no_more_than_is_said() -> None:
    found = model_memory("vit_b_32", (3, 224, 224)).training.total(BATCH, Dtype.FLOAT32)
    real = kept_on_the_processor("vit_b_32", 224, torch.float32)
    assert 0.8 * found < real < found


def test_the_worst_moment_of_vgg_is_its_first_pooling() -> None:
    found = model_memory("vgg11", (3, 64, 64)).inference
    picture, convolved, pooled = 3 * 64 * 64, 64 * 64 * 64, 64 * 32 * 32
    assert found == Held(0, picture + convolved + pooled, 0, 0)  # its ReLU works in place


def test_the_worst_moment_of_alexnet_is_its_first_convolution() -> None:
    found = model_memory("alexnet", (3, 224, 224)).inference
    picture, convolved, pooled = 3 * 224 * 224, 64 * 55 * 55, 64 * 27 * 27
    assert found.total(10, Dtype.FLOAT16) == 10 * 2 * (picture + convolved + pooled)


def test_dense_blocks_keep_all_their_maps_alive() -> None:
    dense, plain = (model_memory(name, (3, 64, 64)) for name in ("densenet121", "resnet18"))
    assert dense.inference.values > plain.inference.values
    assert dense.training.values > 5 * plain.training.values


def test_a_picture_too_small_for_the_auxiliary_head_trains_without_it() -> None:
    small, whole = (
        model_memory("inception_v3", (3, side, side)).of_batch(2, Dtype.FLOAT32) for side in (80, 299)
    )
    assert 0 < small.inference < small.training < whole.training
