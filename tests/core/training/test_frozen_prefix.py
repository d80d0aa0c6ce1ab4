"""Rows of a small frozen part of real digits: made once, found again, mended, and never half-written."""

import os
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from core.data.augmentation import augment
from core.data.augmentation_config import Augmentation
from core.data.dataset import Dataset
from core.data.parallel import never
from core.data.pixel_rows import ENTRY
from core.errors import Cancelled
from core.training.batches import unit_range
from core.training.checkpoint import digest
from core.training.config import Precision
from core.training.frozen_pass import BATCH
from core.training.frozen_prefix import PLAIN, FrozenPrefix, FrozenStore, Views
from core.training.frozen_rows import RowFormat, unpacked
from core.training.run_data import RunData, open_run_data
from core.workspace import Workspace, workspace_around
from tests.digits import small_run

CPU = torch.device("cpu")
ROWS = RowFormat((4, 3, 3), Precision.FLOAT32)
SOME = list(range(5, 85))
AUGMENTATION = Augmentation(horizontal_flip=True, rotation=20, brightness=0.3)


class Counting(nn.Module):
    """A frozen part that tells how many pictures went through it and its copies."""

    passes: ClassVar[list[int]] = []

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 2, 2), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        Counting.passes.append(len(x))
        return self.layers(x)


def said(done: int, total: int, what: str) -> None:
    pass


@pytest.fixture(scope="module")
def data(imported_digits: Dataset) -> RunData:
    return open_run_data(workspace_around(imported_digits.folder), small_run(imported_digits))


def prefix_of(network: nn.Module, data: RunData, rows: RowFormat = ROWS) -> FrozenPrefix:
    return FrozenPrefix(
        network, digest(network.state_dict()), small_run(data.dataset).preprocessing, rows, CPU
    )


@pytest.fixture
def prefix(data: RunData) -> FrozenPrefix:
    Counting.passes = []
    return prefix_of(Counting(), data)


def store_of(workspace: Workspace, data: RunData, prefix: FrozenPrefix, views: Views = PLAIN) -> FrozenStore:
    return FrozenStore(workspace, data.dataset, data.train.pixels, prefix, "head", views)


def values(rows: np.ndarray) -> torch.Tensor:
    return unpacked(torch.from_numpy(rows), ROWS.shape)


def directly(data: RunData, rows: list[int]) -> torch.Tensor:
    pixels = torch.from_numpy(data.train.pixels.read(rows))
    receives = small_run(data.dataset).preprocessing
    x = (unit_range(pixels).permute(0, 3, 1, 2) - receives.mean[0]) / receives.std[0]
    with torch.inference_mode():
        return Counting().eval()(x)


def test_rows_are_what_the_frozen_part_makes_of_the_pictures(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    rows, computed = store_of(workspace, data, prefix).ready(SOME, said, never)
    assert computed == len(SOME)
    assert torch.allclose(values(rows.read(SOME)), directly(data, SOME), atol=1e-6)


def test_what_is_there_is_not_computed_again(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    before, _ = store_of(workspace, data, prefix).ready(SOME, said, never)
    passes = sum(Counting.passes)
    assert passes == len(SOME)
    rows, computed = store_of(workspace, data, prefix).ready(SOME, said, never)
    assert (computed, sum(Counting.passes)) == (0, passes)
    assert np.array_equal(rows.read(SOME), before.read(SOME))
    _, computed = store_of(workspace, data, prefix).ready([0, 1, *SOME[:2]], said, never)
    assert computed == 4  # a piece with a missing row goes through as a whole


def test_only_what_was_asked_for_takes_room(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    store = store_of(workspace, data, prefix)
    rows, _ = store.ready([7], said, never)
    assert set(rows.lost()) == set(range(len(data.dataset.pictures))) - {7}
    assert store.path.stat().st_size == len(data.dataset.pictures) * (ROWS.bytes + ENTRY.itemsize)


def test_other_weights_numbers_views_or_cuts_have_rows_of_their_own(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    changed = Counting()
    with torch.no_grad():
        changed.layers[0].bias += 1
    pixels = data.train.pixels
    stores = [
        store_of(workspace, data, prefix),
        store_of(workspace, data, prefix_of(changed, data)),
        store_of(workspace, data, prefix_of(Counting(), data, RowFormat((4, 3, 3), Precision.BFLOAT16))),
        store_of(workspace, data, prefix, Views(AUGMENTATION, 2, 0)),
        store_of(workspace, data, prefix, Views(AUGMENTATION, 2, 1)),
        store_of(workspace, data, prefix, Views(AUGMENTATION, 3, 0)),
        FrozenStore(workspace, data.dataset, pixels, prefix, "layer4"),
    ]
    assert len({store.path for store in stores}) == len(stores)
    assert store_of(workspace, data, prefix_of(Counting(), data)).path == stores[0].path


def test_an_interruption_loses_no_more_than_the_piece_under_way(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    whole, _ = store_of(workspace, data, prefix).ready(SOME, said, never)
    expected = whole.read(SOME)
    store = store_of(workspace, data, prefix)
    store.path.unlink()
    looks = iter([False, False, True])
    with pytest.raises(Cancelled):
        store.ready(SOME, said, lambda: next(looks))
    Counting.passes = []
    rows, computed = store.ready(SOME, said, never)
    assert computed == sum(Counting.passes) == len(SOME) - 2 * BATCH
    assert np.array_equal(rows.read(SOME), expected)


@pytest.mark.parametrize("damage", ["rotten", "cut"])
def test_a_damaged_row_is_computed_anew(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix, damage: str
) -> None:
    store = store_of(workspace, data, prefix)
    expected = store.ready(SOME, said, never)[0].read(SOME)
    with store.path.open("r+b") as file:
        file.seek(SOME[3] * ROWS.bytes + 8)
        file.write(b"\xff\x00\xff")
        if damage == "cut":
            file.truncate(SOME[20] * ROWS.bytes)
    rows, computed = store.ready(SOME, said, never)
    assert computed == (len(SOME) if damage == "cut" else 0)
    assert np.allclose(values(rows.read(SOME)), values(expected), atol=1e-6)


def test_a_view_of_a_picture_is_always_the_same_draw(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    views = Views(AUGMENTATION, 3, seed=4)
    rows, computed = store_of(workspace, data, prefix, views).ready(SOME, said, never)
    assert computed == 3 * len(SOME)
    picture = SOME[6]
    alone = prefix.outputs(
        data.train.pixels.read([picture]), views, [views.draw(data.dataset.pictures[picture].key, 2)]
    )
    kept = rows.read([3 * picture + 2])
    assert torch.allclose(values(kept), values(alone), atol=1e-6)
    others = values(rows.read([3 * picture, 3 * picture + 1]))
    assert not torch.allclose(others[0], others[1])


def test_views_are_those_of_the_augmentation() -> None:
    torch.manual_seed(0)
    views, unit = Views(AUGMENTATION, 2, 0), torch.rand(2, 1, 8, 8)
    draws = [views.draw("a", 0), views.draw("b", 1)]
    assert len({*draws, views.draw("a", 1), Views(AUGMENTATION, 2, 1).draw("a", 0)}) == 4
    expected = augment(unit[1:], AUGMENTATION, torch.Generator().manual_seed(draws[1]))
    assert torch.equal(views.of(unit, draws)[1:], expected)
    assert PLAIN.of(unit, draws) is unit


def test_rows_that_nothing_asked_for_in_a_month_are_deleted(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix
) -> None:
    folder = workspace.caches / "frozen"
    folder.mkdir(parents=True)
    old, new = folder / "old.rows", folder / "new.rows"
    for file in (old, new):
        file.write_bytes(b"rows")
    month = time.time() - 40 * 24 * 3600
    os.utime(old, (month, month))
    store_of(workspace, data, prefix).ready([0], said, never)
    assert [file.name for file in sorted(folder.glob("*.rows")) if file in (old, new)] == ["new.rows"]


def test_a_full_disk_is_told_and_leaves_no_row_that_is_not_whole(
    workspace: Workspace, data: RunData, prefix: FrozenPrefix, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(workspace, data, prefix)
    opened = Path.open

    class Full:
        def __init__(self, file) -> None:
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *error) -> None:
            self.file.close()

        def __getattr__(self, name: str):
            return getattr(self.file, name)

        def write(self, content: bytes) -> int:
            raise OSError(28, "No space left on device")

    def open_full(path: Path, mode: str = "r", *args, **kwargs):
        file = opened(path, mode, *args, **kwargs)
        return Full(file) if path == store.path and mode == "r+b" else file

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(OSError, match="No space left"):
        store.ready(SOME, said, never)
    monkeypatch.undo()
    rows, computed = store.ready(SOME, said, never)
    assert computed == len(SOME)
    assert torch.allclose(values(rows.read(SOME)), directly(data, SOME), atol=1e-6)
