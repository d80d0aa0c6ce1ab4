"""A process of a group of two that train one network: it leaves its curve in a file of its folder."""

import json
import os
import sys
from pathlib import Path

import torch

from core.records import from_json
from core.training.cnn_run import train_cnn
from core.training.config import CnnRunConfig
from core.training.history import Hooks
from core.workspace import open_workspace


def one_of_several(number: int, port: int, home: str, config: dict, pause_in: int) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORKBENCH_HOME=home)
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=number, world_size=2)
    folder = Path(home) / f"part-{number}"
    folder.mkdir(exist_ok=True)
    curve: list[float] = []

    def on_epoch(record) -> None:
        curve.extend((record.train_loss, record.valid_loss, record.train_accuracy, record.valid_accuracy))

    def should_pause() -> bool:  # only the second process hears of it
        return number == 1 and len(curve) // 4 == pause_in

    hooks = Hooks(on_epoch=on_epoch, should_pause=should_pause)
    result = train_cnn(open_workspace(), from_json(CnnRunConfig, config), folder, hooks=hooks)
    weights = [value.double().sum().item() for value in torch.load(folder / "last.pt")["model"].values()]
    (folder / "curve.json").write_text(json.dumps([curve, weights, result.outcome.ended]))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    one_of_several(*json.loads(sys.argv[1]))
