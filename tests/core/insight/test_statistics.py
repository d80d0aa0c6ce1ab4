import numpy as np

from core.insight.statistics import channel_facts


def test_facts_of_known_maps() -> None:
    maps = np.array([[[[0, 2], [-4, 0]], [[0, 0], [0, 0]]], [[[1, 1], [1, 1]], [[0, 0], [0, 0]]]], np.float32)
    facts = channel_facts(maps)
    assert facts.mean.tolist() == [0.25, 0.0]
    assert facts.activity.tolist() == [1.25, 0.0]
    assert facts.low.tolist() == [-4, 0]
    assert facts.high.tolist() == [2, 0]
    assert facts.zeros.tolist() == [0.25, 1.0]
    assert facts.dead.tolist() == [1]
    assert facts.by_activity.tolist() == [0, 1]


def test_a_constant_channel_is_not_dead() -> None:
    assert channel_facts(np.full((2, 1, 3, 3), 0.5, np.float32)).dead.tolist() == []


def test_equal_channels_keep_their_order() -> None:
    assert channel_facts(np.ones((1, 5, 2, 2), np.float32)).by_activity.tolist() == [0, 1, 2, 3, 4]
