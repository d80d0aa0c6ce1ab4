import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import core.training.checkpoint as checkpoint
from core.errors import ModelFileError
from core.training.checkpoint import CheckpointFolder, digest, load_tensors
from core.workspace import put_in_place


def state(seed: int = 0) -> dict[str, Any]:
    """A checkpoint as a training writes it, after one step of Adam."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(2, 3, 4, 4)).sum().backward()
    optimizer.step()
    return {
        "model": copy.deepcopy(model.state_dict()),
        "optimizer": optimizer.state_dict(),
        "history": [
            {"epoch": 1, "train_loss": 0.5, "is_best": True, "memory": None, "phases": {"data": 0.1}}
        ],
        "under_way": {"epoch": 2, "batch": 3, "sums": torch.tensor([1.5, 2.0, 3.0], dtype=torch.float64)},
        "random": {"cpu": torch.get_rng_state()},
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with the key of a value in it that is no container."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from leaves(inner)
        else:
            yield value, key


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    (tmp_path / "run").mkdir()
    return CheckpointFolder(tmp_path / "run")


def turn_a_bit(path: Path, byte: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def spoil(path: Path, content: dict[str, Any]) -> None:
    """Turn a bit of a weight of `content` in the file that holds it."""
    turn_a_bit(path, path.read_bytes().index(content["model"]["0.weight"].numpy().tobytes()))


def test_the_digest_is_that_of_the_values_whatever_their_layout() -> None:
    plain = state()
    others = copy.deepcopy(plain)
    others["model"] = {
        name: value.to(memory_format=torch.channels_last) if value.dim() == 4 else value
        for name, value in others["model"].items()
    }
    weight = others["model"]["3.weight"]
    others["model"]["3.weight"] = torch.stack([weight, weight], 2)[:, :, 0]
    assert others["model"]["0.weight"].stride() != plain["model"]["0.weight"].stride()
    assert not others["model"]["3.weight"].is_contiguous()
    assert digest(others) == digest(plain)


def test_the_digest_follows_every_tensor_and_every_plain_value() -> None:
    plain, changed = state(), state()
    digests = {digest(plain)}
    places = list(leaves(changed))
    for container, key in places:
        value = container[key]
        if isinstance(value, Tensor):
            other = value.clone()
            other.view(-1)[-1] += 1
        else:
            other = "other"
        container[key] = other
        digests.add(digest(changed))
        container[key] = value
    assert digest(changed) == digest(plain)
    assert len(places) > 30
    assert len(digests) == len(places) + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.double(),
        lambda value: value.view(torch.int32),
        lambda value: value.view(2, 2, 4),
        lambda value: value.T,
        lambda value: value.flip(0),
        lambda value: value[:, :3],
    ],
)
def test_the_digest_follows_type_shape_and_order_of_a_tensor(change: Callable[[Tensor], Tensor]) -> None:
    value = torch.randn(4, 4)
    assert digest({"w": change(value)}) != digest({"w": value})


def test_the_digest_follows_the_names_and_their_order() -> None:
    one, other = torch.ones(2), torch.zeros(2)
    digests = [
        digest(named)
        for named in ({"a": one, "b": other}, {"b": other, "a": one}, {"a": one, "c": other}, {"a": one})
    ]
    assert len(set(digests)) == 4


def test_what_is_saved_comes_back_without_the_digest(folder: CheckpointFolder) -> None:
    assert folder.load_last() is None
    folder.save_last(state())
    found = folder.load_last()
    assert found is not None
    assert same(found, state())
    assert "digest" in load_tensors(folder.last)


@pytest.mark.parametrize("name", ["0.weight", "1.running_var", "3.bias"])
@pytest.mark.parametrize("end", [0, -1])
def test_one_bit_in_a_tensor_of_the_last_checkpoint_brings_back_the_one_before(
    folder: CheckpointFolder, name: str, end: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.save_last(state(1))
    folder.save_last(state(2))
    tensor = state(2)["model"][name].numpy().tobytes()
    begin = folder.last.read_bytes().index(tensor)
    turn_a_bit(folder.last, begin + (len(tensor) - 1 if end else 0), bit=3)
    found = folder.load_last()
    assert found is not None
    assert same(found, state(1))
    assert "Going on from previous.pt" in capsys.readouterr().out


def test_a_damaged_checkpoint_does_not_take_the_place_of_the_good_one(folder: CheckpointFolder) -> None:
    for seed in (1, 2):
        folder.save_last(state(seed))
    for seed in (2, 3):  # the disk goes on rotting
        spoil(folder.last, state(seed))
        assert same(folder.load_last(), state(1))
        folder.save_last(state(seed + 1))
    assert same(folder.load_last(), state(4))


def test_one_bit_anywhere_in_the_file_never_brings_other_values(folder: CheckpointFolder) -> None:
    previous, last = state(1), state(2)
    folder.save_last(previous)
    folder.save_last(last)
    whole, size = folder.last.read_bytes(), folder.last.stat().st_size
    mended = 0
    for number, byte in enumerate(range(0, size, size // 120)):
        turn_a_bit(folder.last, byte, bit=number % 8)
        found = folder.load_last()
        assert same(found, last) or same(found, previous)
        mended += same(found, previous)
        folder.last.write_bytes(whole)
    assert mended > 30  # the others hit the padding between the zip's entries, or names in its directory


def test_where_both_are_damaged_the_last_one_is_named(folder: CheckpointFolder) -> None:
    folder.save_last(state(1))
    folder.save_last(state(2))
    spoil(folder.last, state(2))
    spoil(folder.previous, state(1))
    with pytest.raises(ModelFileError, match=r"last\.pt .*damaged.*Start a new run"):
        folder.load_last()


@pytest.mark.parametrize("survived", [0, 1])
def test_a_crash_between_two_renames_costs_at_most_one_checkpoint(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    folder.save_last(state(1))
    folder.save_last(state(2))
    renames: list[Path] = []

    def crash(temporary: Path, path: Path) -> None:
        if len(renames) == survived:
            raise KeyboardInterrupt
        renames.append(path)
        put_in_place(temporary, path)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "put_in_place", crash)
        with pytest.raises(KeyboardInterrupt):
            folder.save_last(state(3))
    found = folder.load_last()
    assert found is not None
    assert same(found, state(2))
    folder.save_last(state(4))
    assert same(folder.load_last(), state(4))
    spoil(folder.last, state(4))
    assert same(folder.load_last(), state(2))


@pytest.mark.parametrize("save", ["save_last", "save_best"])
def test_a_full_disk_leaves_the_checkpoints_as_they_were(folder: CheckpointFolder, save: str) -> None:
    resource = pytest.importorskip("resource")
    folder.save_last(state(1))
    folder.save_last(state(2))
    folder.save_best(state(2)["model"])
    before = {path.name: path.read_bytes() for path in folder.folder.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            getattr(folder, save)(state(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in folder.folder.iterdir()} == before


def test_a_checkpoint_of_an_earlier_version_has_no_digest_and_is_read(folder: CheckpointFolder) -> None:
    earlier = {key: value for key, value in state().items() if key in ("model", "optimizer", "history")}
    torch.save(earlier, folder.last)
    assert same(folder.load_last(), earlier)


def test_nothing_in_a_checkpoint_is_executed(folder: CheckpointFolder) -> None:
    torch.save({**state(), "extra": Touch(folder.folder / "touched")}, folder.last)
    with pytest.raises(ModelFileError, match=r"last\.pt can't be read as tensors"):
        folder.load_last()
    assert not (folder.folder / "touched").exists()


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)
