import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.errors import ConfigError
from core.training.device import device_names, usable_device, visible_devices


@pytest.fixture(autouse=True)
def ask_afresh() -> Iterator[None]:
    visible_devices.cache_clear()
    yield
    visible_devices.cache_clear()


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver's tool that reports two cards, as one would find it on the PATH."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA A100'\necho 'NVIDIA T4'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.usefixtures("two_gpus")
def test_gpus_come_first_and_by_name() -> None:
    assert [(device.name, device.words) for device in visible_devices()] == [
        ("cuda:0", "NVIDIA A100"),
        ("cuda:1", "NVIDIA T4"),
    ]
    assert device_names("auto") == ("cuda:0", "cuda:1")
    assert device_names("cuda:1") == ("cuda:1",)
    assert device_names("cpu") == ("cpu",)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ("", []),
        ("-1", []),
        ("0", ["NVIDIA A100"]),
        ("1", ["NVIDIA T4"]),
        ("1,0", ["NVIDIA T4", "NVIDIA A100"]),
        ("GPU-8932f937", ["NVIDIA GPU"]),
    ],
)
def test_hidden_gpus_are_not_used(monkeypatch: pytest.MonkeyPatch, hidden: str, expected: list[str]) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    assert [device.words for device in visible_devices() if device.name.startswith("cuda")] == expected


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no device 'cuda:77'.*auto, cpu or"):
        device_names("cuda:77")


def test_a_device_that_torch_cannot_use_falls_back_to_the_processor() -> None:
    assert usable_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        assert usable_device("cuda:0") == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_real_gpu_is_found() -> None:
    assert visible_devices()[0].name == "cuda:0"
    assert usable_device("cuda:0") == "cuda:0"
