import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.preprocessing import ColorMode, Preprocessing, Resize
from core.errors import ConfigError
from core.models.presets import PRESETS
from core.records import from_json, to_json
from core.training.config import CnnRunConfig, Optimizer, TrainingConfig

CONFIG = CnnRunConfig(
    name="a run",
    dataset_id="d",
    split_id="s",
    classes=("cat", "dog"),
    preprocessing=Preprocessing.of((32, 24), ColorMode.GREY, resize=Resize.PAD),
    cnn=PRESETS["small-resnet"].config,
)


@given(
    st.integers(1, 10_000),
    st.floats(1e-8, 100),
    st.sampled_from(Optimizer),
    st.none() | st.integers(1, 50),
    st.booleans(),
)
def test_a_config_survives_json(
    epochs: int, rate: float, optimizer: Optimizer, patience: int | None, weights: bool
) -> None:
    training = TrainingConfig(
        epochs=epochs, learning_rate=rate, optimizer=optimizer, patience=patience, class_weights=weights
    )
    config = replace(CONFIG, training=training)
    assert from_json(CnnRunConfig, to_json(config)) == config


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonsense": 1}, "doesn't know: nonsense"),
        ({"classes": "cat"}, r"classes can't be read.*a list"),
        ({"name": 3}, r"name can't be read.*str.*Found: 3"),
        ({"training": {"epochs": True}}, r"training.epochs can't be read"),
        ({"training": {"optimizer": "lion"}}, r"one of sgd, adam, adamw.*'lion'"),
        ({"training": {"epochs": 0}}, r"epochs is out of range"),
        ({"classes": ["cat"]}, "nothing to tell apart"),
    ],
)
def test_a_bad_value_is_named(change: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        from_json(CnnRunConfig, {**to_json(CONFIG), **change})


def test_an_error_survives_pickling() -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(epochs=0)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.fix) == (ConfigError, str(caught.value), caught.value.fix)


def test_a_missing_value_is_named() -> None:
    value = to_json(CONFIG)
    del value["split_id"]
    with pytest.raises(ConfigError, match="lacks split_id"):
        from_json(CnnRunConfig, value)
