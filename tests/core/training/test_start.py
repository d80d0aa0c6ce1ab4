import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from core.errors import ModelFileError
from core.models.cnn import build_cnn
from core.models.cnn_config import CnnConfig, ConvBlock, HiddenLayer
from core.training.checkpoint import load_tensors, save_tensors
from core.training.start import start_from

NETWORK = CnnConfig((ConvBlock(4, batch_norm=True), ConvBlock(6)), hidden=(HiddenLayer(5),))
SHAPE = (1, 8, 8)


def model(outputs: int = 10, *, seed: int = 0, config: CnnConfig = NETWORK) -> nn.Module:
    torch.manual_seed(seed)
    return build_cnn(config, SHAPE, outputs)


def trained(outputs: int = 10) -> nn.Module:
    """Weights, running means and counters all unlike those of a fresh network."""
    network = model(outputs, seed=1)
    network(torch.randn(4, *SHAPE))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += torch.randn_like(parameter)
    return network


def equal_names(one: nn.Module, other: nn.Module) -> set[str]:
    others = other.state_dict()
    return {
        name
        for name, value in one.state_dict().items()
        if value.shape == others[name].shape and torch.equal(value, others[name])
    }


def test_the_same_network_takes_everything_over() -> None:
    ours, theirs = model(), trained()
    assert equal_names(ours, theirs) == set()
    started = start_from(ours, theirs.state_dict())
    assert equal_names(ours, theirs) == set(ours.state_dict())
    assert set(started.taken) == set(ours.state_dict())
    assert (started.fresh, started.words) == ((), f"all {len(started.taken)} tensors")


def test_with_other_classes_only_the_last_layer_starts_afresh() -> None:
    ours, theirs = model(3), trained(10)
    fresh = copy.deepcopy(ours)
    started = start_from(ours, theirs.state_dict())
    assert started.fresh == ("output.weight", "output.bias")
    assert equal_names(ours, theirs) == set(ours.state_dict()) - set(started.fresh)
    assert equal_names(ours, fresh) == set(started.fresh)
    assert (
        started.words
        == f"{len(started.taken)} of {len(ours.state_dict())} tensors; new: output.weight, output.bias"
    )


def test_a_layer_of_another_size_or_name_starts_afresh_and_what_is_unknown_is_left_out() -> None:
    wider = CnnConfig((ConvBlock(4, batch_norm=True), ConvBlock(7)), hidden=(HiddenLayer(5),))
    ours = model(config=wider)
    state = {**trained().state_dict(), "conv9.weight": torch.zeros(1), "epoch": 7}
    started = start_from(ours, state)
    assert set(started.fresh) == {"conv2.weight", "conv2.bias", "hidden1.weight"}
    assert "conv9.weight" not in started.taken


def test_a_checkpoint_is_no_state_dict_and_gives_nothing() -> None:
    ours = model()
    fresh = copy.deepcopy(ours)
    started = start_from(ours, {"model": trained().state_dict(), "history": []})
    assert started.taken == ()
    assert equal_names(ours, fresh) == set(ours.state_dict())


def test_what_is_taken_over_is_a_copy() -> None:
    ours, theirs = model(), trained()
    before = copy.deepcopy(theirs)
    start_from(ours, theirs.state_dict())
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    assert equal_names(theirs, before) == set(theirs.state_dict())


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_weights_come_from_a_file_of_which_nothing_is_executed(tmp_path: Path) -> None:
    theirs = trained()
    save_tensors(theirs.state_dict(), tmp_path / "start.pt")
    ours = model()
    start_from(ours, load_tensors(tmp_path / "start.pt"))
    assert equal_names(ours, theirs) == set(ours.state_dict())
    torch.save({**theirs.state_dict(), "bad": Touch(tmp_path / "touched")}, tmp_path / "start.pt")
    with pytest.raises(ModelFileError, match=r"start\.pt can't be read as tensors"):
        load_tensors(tmp_path / "start.pt")
    assert not (tmp_path / "touched").exists()
