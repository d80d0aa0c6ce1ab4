import pytest

from core.errors import ConfigError, RunError
from core.runs.place import PLACE_FILE, Place, granted_device, place_of, put_at
from core.runs.store import create_run
from core.workspace import Workspace


@pytest.mark.parametrize("address", ["127.0.0.1:6379", "head.example.org:10001", "[::1]:6379"])
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    place = Place(address)
    assert f"{place.host}:{place.port}" == address.replace("[", "").replace("]", "")


@pytest.mark.parametrize(
    "address", ["", "head", "head:", "head:99999", "http://head:1", "a b:1", "-x:1", "h:1\n"]
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="not the address"):
        Place(address)


def test_gpus_are_a_share_or_whole() -> None:
    assert Place("h:1", gpus=0.5).gpus == 0.5
    with pytest.raises(ConfigError, match="share of one GPU"):
        Place("h:1", gpus=1.5)


def test_a_run_is_put_at_a_cluster_and_back(workspace: Workspace) -> None:
    run = create_run(workspace.runs, {"kind": "train-cnn", "name": "Run"}, "Run")
    assert place_of(run) is None
    put_at(run, Place("h:1", processes=2))
    assert place_of(run) == Place("h:1", processes=2)
    (run.folder / PLACE_FILE).write_text("{")
    with pytest.raises(RunError, match="can't be read"):
        place_of(run)
    put_at(run, None)
    assert place_of(run) is None


def test_processes_on_one_node_take_a_gpu_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert granted_device(Place("h:1", gpus=1), ("cuda:0", "cuda:1")) == "cuda:1"
    assert granted_device(Place("h:1", gpus=1), ("cuda:0",)) == "cuda:0"
    assert granted_device(Place("h:1"), ("cuda:0",)) == "cpu"
