"""Weights from a seed, while other threads draw theirs."""

import threading

import pytest
import torch
from torch import nn
from torchvision.models import get_model

from core.models.drawing import DrawnFrom


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_a_network_gets_the_numbers_of_the_seed_and_pytorchs_own_stay(name: str) -> None:
    torch.manual_seed(7)
    expected = get_model(name, weights=None).state_dict()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with DrawnFrom(7):
        found = get_model(name, weights=None).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def test_threads_that_draw_meanwhile_are_not_disturbed_and_do_not_disturb() -> None:
    def drawn() -> torch.Tensor:
        with DrawnFrom(3):
            return torch.stack([nn.Linear(20, 20).weight.detach() for _ in range(200)])

    expected = drawn()
    torch.manual_seed(5)
    calm = torch.rand(300)
    found: list[torch.Tensor] = []
    threads = [threading.Thread(target=lambda: found.append(drawn())) for _ in range(2)]
    torch.manual_seed(5)
    for thread in threads:
        thread.start()
    meanwhile = torch.cat([torch.rand(1) for _ in range(300)])
    for thread in threads:
        thread.join()
    assert torch.equal(meanwhile, calm)
    assert len(found) == 2
    assert all(torch.equal(each, expected) for each in found)
