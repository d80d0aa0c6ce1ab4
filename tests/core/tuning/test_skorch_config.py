"""The settings of a cross-validated search, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV

from core.data.preprocessing import ColorMode, Preprocessing
from core.errors import ConfigError
from core.models.cnn_config import CnnConfig, ConvBlock, HiddenLayer
from core.records import from_json, to_json
from core.training.config import CnnRunConfig, Optimizer, TrainingConfig
from core.tuning.skorch_config import (
    FACTOR,
    CrossValidationConfig,
    Search,
    check_networks,
    halving_rungs,
    networks,
    searchable,
    vary_network,
    with_parameters,
)

CNN = CnnConfig(
    (ConvBlock(8), ConvBlock(16, kernel=5, padding=2), ConvBlock(4, padding=0)), hidden=(HiddenLayer(9),)
)
BASE = CnnRunConfig(
    "Base", "data", "split", ("a", "b"), Preprocessing.of((16, 16), ColorMode.GREY), CNN, TrainingConfig(9)
)


def search(**parameters: tuple) -> CrossValidationConfig:
    return CrossValidationConfig("Search", BASE, parameters)


def test_it_goes_to_json_and_back_with_whole_numbers_whole() -> None:
    config = search(lr=(1e-3, 1.0), batch_size=(16, 32))
    read = from_json(CrossValidationConfig, to_json(config))
    assert read == config
    assert [type(value) for value in read.parameters["batch_size"]] == [int, int]
    assert (config.combinations, config.rungs, config.fits) == (4, [(4, 9)], 12)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "nothing to search"),
        ({"lr": ()}, "nothing to search"),
        ({"lr": (0.1, 0.1)}, "twice"),
        ({"lr": (0.0,)}, "learning rate is out of range"),
        ({"module__kernel": (100,)}, "kernel is out of range"),
        ({"optimizer__momentum": (0.9,)}, "can't be varied"),
        ({"module": (1,)}, "can't be varied"),
        ({"lr": tuple(n / 1e4 for n in range(1, 200)), "batch_size": tuple(range(1, 100))}, "too many"),
    ],
)
def test_what_makes_no_search_is_refused(parameters: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        search(**parameters)


def test_what_can_be_varied_follows_the_settings() -> None:
    sgd = replace(BASE, training=replace(BASE.training, optimizer=Optimizer.SGD))
    assert "optimizer__momentum" in searchable(sgd, Search.GRID)
    assert "max_epochs" not in searchable(BASE, Search.HALVING)
    linear = replace(BASE, cnn=CnnConfig())
    assert not any(name.startswith("module__") for name in searchable(linear, Search.GRID))


def test_a_varied_network_keeps_its_proportions() -> None:
    varied = vary_network(CNN, filters=4, kernel=7, dropout=0.5)
    assert [block.filters for block in varied.blocks] == [4, 8, 2]
    assert [(block.kernel, block.padding) for block in varied.blocks] == [(7, 3), (7, 3), (7, 0)]
    assert {block.dropout for block in varied.blocks} == {0.5} == {layer.dropout for layer in varied.hidden}
    assert vary_network(CNN) == CNN


def test_parameters_become_the_settings_of_a_run() -> None:
    values = {"lr": 0.5, "batch_size": 7, "optimizer__weight_decay": 0.1, "module__filters": 16}
    run = with_parameters(BASE, values)
    assert (run.training.learning_rate, run.training.batch_size, run.training.weight_decay) == (0.5, 7, 0.1)
    assert run.cnn.blocks[0].filters == 16
    assert replace(run, training=BASE.training, cnn=BASE.cnn) == BASE


def test_a_network_that_cannot_be_built_is_named_before_the_start() -> None:
    check_networks(search(module__kernel=(3,)), 100)
    with pytest.raises(ConfigError, match="kernel 9"):
        check_networks(search(module__kernel=(3, 9)), 100)
    assert networks(search(lr=(0.1,))) == [{}]


@pytest.mark.parametrize(
    ("candidates", "epochs"), [(1, 5), (4, 9), (9, 9), (10, 5), (27, 100), (30, 2), (3, 1)]
)
def test_rungs_are_scikit_learns(candidates: int, epochs: int) -> None:
    """Its own search over an estimator that has as much to fit as nothing."""

    class Countable(DummyClassifier):
        def __init__(self, number: int = 0, max_epochs: int = 1) -> None:
            super().__init__()
            self.number, self.max_epochs = number, max_epochs

        def get_params(self, deep: bool = True) -> dict:
            return {"number": self.number, "max_epochs": self.max_epochs}

    theirs = HalvingRandomSearchCV(
        Countable(),
        {"number": list(range(candidates))},
        n_candidates=candidates,
        factor=FACTOR,
        resource="max_epochs",
        max_resources=epochs,
        min_resources="exhaust",
        random_state=0,
        refit=False,
        cv=2,
    ).fit(np.zeros((8, 1)), np.arange(8) % 2)
    assert halving_rungs(candidates, epochs) == list(
        zip(theirs.n_candidates_, theirs.n_resources_, strict=True)
    )
