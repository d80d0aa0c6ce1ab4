import pytest

from core.errors import ConfigError, LayerError
from core.models.cnn_config import CnnConfig, ConvBlock, Head
from core.models.presets import PRESETS
from core.models.saved_model import HeadConfig
from core.records import from_json, to_json
from core.training.config import Optimizer
from core.training.fine_tune_config import Trains
from core.training.run_config import RunConfig
from core.tuning.fields import FIELDS, fields_for
from core.tuning.parameters import Choice, Range
from core.tuning.space import Space
from core.tuning.study_config import Method
from tests.core.tuning.bases import cnn_base, fine_tune_base, study_of

OPTIMIZERS = Choice("optimizer", ("sgd", "adam"))
MOMENTUM = Range("momentum", 0.5, 0.99)
BASES = [
    cnn_base(),
    cnn_base(CnnConfig()),
    *(cnn_base(preset.config, side=64) for preset in PRESETS.values()),
    fine_tune_base(),
    fine_tune_base(head=HeadConfig((64, 32))),
]


@pytest.mark.parametrize("base", BASES)
def test_every_proposal_gives_a_config_that_holds_its_value(base: RunConfig) -> None:
    proposals = fields_for(base)
    assert proposals
    for name, parameter in proposals.items():
        for share in (0.0, 0.5, 1.0):
            value = parameter.at(share)
            changed = FIELDS[name].put(base, value)
            assert FIELDS[name].of(changed) == value, name
            assert from_json(type(base), to_json(changed)) == changed


def test_values_of_enums_arrive_as_enums() -> None:
    changed = Space((OPTIMIZERS,)).apply(cnn_base(), {"optimizer": "sgd"})
    assert changed.training.optimizer is Optimizer.SGD


def test_momentum_matters_with_sgd_only() -> None:
    space = Space((OPTIMIZERS, MOMENTUM))
    base = cnn_base()
    space.check(base)
    assert space.reduced({"optimizer": "adam", "momentum": 0.6}, base) == {"optimizer": "adam"}
    assert space.apply(base, {"optimizer": "adam", "momentum": 0.6}).training.momentum == 0.9
    assert space.apply(base, {"optimizer": "sgd", "momentum": 0.6}).training.momentum == 0.6
    Space((MOMENTUM,)).check(cnn_base(optimizer=Optimizer.SGD))
    with pytest.raises(ConfigError, match="never matters"):
        Space((MOMENTUM,)).check(base)
    with pytest.raises(ConfigError, match="never matters"):
        Space((Choice("optimizer", ("adam", "adamw")), MOMENTUM)).check(base)


def test_the_grid_counts_what_differs() -> None:
    grid = Space((OPTIMIZERS, MOMENTUM)).grid(cnn_base())
    assert [point.get("momentum") for point in grid] == pytest.approx([0.5, 0.745, 0.99, None])
    big = Space(tuple(Range(name, 0.1, 0.4, steps=50) for name in ("brightness", "contrast", "dropout")))
    with pytest.raises(ConfigError, match="too many points"):
        big.grid(cnn_base())
    with pytest.raises(ConfigError, match="too many points"):
        study_of(big, method=Method.GRID)


def test_architecture_doubles_its_filters() -> None:
    space = Space((Range("blocks", 1, 4, integer=True), Choice("filters", (4, 8)), Choice("kernel", (3, 5))))
    changed = space.apply(cnn_base(), {"blocks": 4, "filters": 4, "kernel": 5})
    assert [block.filters for block in changed.cnn.blocks] == [4, 8, 16, 32]
    assert {(block.kernel, block.padding) for block in changed.cnn.blocks} == {(5, 2)}
    assert len(space.apply(cnn_base(), {"blocks": 1}).cnn.blocks) == 1
    unpadded = CnnConfig((ConvBlock(4, padding=0), ConvBlock(4, padding=None)))
    padding = [block.padding for block in space.apply(cnn_base(unpadded), {"kernel": 5}).cnn.blocks]
    assert padding == [0, None]


def test_what_cannot_be_built_says_why() -> None:
    space = Space((Range("blocks", 1, 8, integer=True),))
    with pytest.raises(LayerError):
        space.apply(cnn_base(side=16), {"blocks": 6})
    warm = fine_tune_base(trains=Trains.ALL)
    with pytest.raises(ConfigError, match="learning rate of the backbone"):
        Space((Range("backbone_rate", 1e-6, 1000.0),)).apply(warm, {"backbone_rate": 500.0})


def test_dropout_goes_where_the_network_has_room_for_it() -> None:
    space = Space((Range("dropout", 0, 0.6),))
    assert space.apply(cnn_base(), {"dropout": 0.25}).cnn.hidden[0].dropout == 0.25
    bare = CnnConfig((ConvBlock(4), ConvBlock(8)), Head.GLOBAL_AVERAGE)
    assert [b.dropout for b in space.apply(cnn_base(bare), {"dropout": 0.25}).cnn.blocks] == [0, 0.25]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Space(()), "Nothing varies"),
        (lambda: Space((Range("colour", 0, 1),)), "can't vary colour"),
        (lambda: Space((MOMENTUM, MOMENTUM)), "named twice"),
        (lambda: Space((Range("backbone_rate", 1e-6, 1e-2),)).check(cnn_base()), "no setting of this"),
        (lambda: Space((Range("saturation", 0, 0.5),)).check(cnn_base()), "no setting of this"),
        (lambda: study_of(trials=None), "never end"),
        (lambda: study_of(trials=0), "number of trials"),
        (lambda: study_of(worse_than=100), "worse than"),
    ],
)
def test_what_makes_no_search_is_refused(make, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()


def test_a_study_survives_json() -> None:
    for base in BASES:
        name, parameter = next(iter(fields_for(base).items()))
        config = study_of(Space((parameter,)), base, minutes=2.5)
        assert name == parameter.name
        assert from_json(type(config), to_json(config)) == config
