from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.training.snapshots import (
    MOST,
    MOST_BYTES,
    SnapshotRule,
    prune,
    snapshot_path,
    snapshot_rule,
    snapshots_in,
)

EPOCHS = st.integers(1, 10_000)
BYTES = st.one_of(st.integers(0, 100_000), st.integers(0, 2 * MOST_BYTES))


def kept(rule: SnapshotRule, epochs: int) -> list[int]:
    return [epoch for epoch in range(epochs + 1) if rule.keeps(epoch)]


def keep(folder: Path, epochs: list[int]) -> None:
    for epoch in epochs:
        path = snapshot_path(folder, epoch)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"weights")


@settings(max_examples=200, deadline=None)
@given(EPOCHS, BYTES)
def test_a_run_keeps_few_weights_evenly_and_within_its_bytes(epochs: int, model_bytes: int) -> None:
    rule = snapshot_rule(epochs, model_bytes)
    epochs_kept = kept(rule, epochs)
    assert len(epochs_kept) * model_bytes <= MOST_BYTES
    if rule.every is None:
        assert 2 * model_bytes > MOST_BYTES
        assert epochs_kept == []
        return
    assert epochs_kept[0] == 0
    assert 1 <= len(epochs_kept) - 1 <= MOST
    assert {later - earlier for earlier, later in pairwise(epochs_kept)} == {rule.every}


@settings(max_examples=100, deadline=None)
@given(EPOCHS, BYTES)
def test_twice_as_many_would_be_too_many(epochs: int, model_bytes: int) -> None:
    rule = snapshot_rule(epochs, model_bytes)
    if rule.every is not None and rule.every > 1:
        twice = 2 * (len(kept(rule, epochs)) - 1) + 1
        assert twice > MOST or (twice + 1) * model_bytes > MOST_BYTES


@pytest.mark.parametrize(
    ("every", "words"),
    [
        (None, "no weights of single epochs: the network is too large"),
        (1, "the initial weights and those of every epoch"),
        (2, "the initial weights and those of every 2nd epoch"),
        (3, "the initial weights and those of every 3rd epoch"),
        (4, "the initial weights and those of every 4th epoch"),
        (11, "the initial weights and those of every 11th epoch"),
        (12, "the initial weights and those of every 12th epoch"),
        (21, "the initial weights and those of every 21st epoch"),
        (112, "the initial weights and those of every 112th epoch"),
        (622, "the initial weights and those of every 622nd epoch"),
    ],
)
def test_the_rule_says_itself(every: int | None, words: str) -> None:
    assert SnapshotRule(every).words == words


def test_files_are_found_by_their_epoch_in_order(tmp_path: Path) -> None:
    assert snapshots_in(tmp_path) == {}
    keep(tmp_path, [10_000, 20, 0, 3])
    for other in (".epoch-00007.pt.partial", "epoch-7.pt", "epoch-00007.pt.bak", "best.pt"):
        (tmp_path / "snapshots" / other).touch()
    found = snapshots_in(tmp_path)
    assert list(found) == [0, 3, 20, 10_000]
    assert all(path == snapshot_path(tmp_path, epoch) for epoch, path in found.items())


def test_what_the_rule_no_longer_keeps_is_deleted_and_so_is_what_has_not_come_to_pass(tmp_path: Path) -> None:
    keep(tmp_path, list(range(13)))
    prune(tmp_path, SnapshotRule(3), finished=range(1, 9))
    assert list(snapshots_in(tmp_path)) == [0, 3, 6]
    prune(tmp_path, SnapshotRule(None), finished=range(1, 9))
    assert list(snapshots_in(tmp_path)) == []
