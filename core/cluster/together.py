"""One training by several processes of a cluster, through Ray Train. Loads Ray and PyTorch."""

import tempfile

import ray
from ray.train import RunConfig, ScalingConfig, get_context
from ray.train.torch import TorchConfig, TorchTrainer
from ray.train.v2.api.exceptions import TrainingFailedError

from core.cluster.order import NodeLost
from core.runs.place import Place


def train_together(order: ray.ObjectRef, place: Place) -> None:
    """Have every process carry out its part of `order`; gradients go between them by NCCL on GPUs, else by
    gloo.

    Raises:
        NodeLost: one of them ended without a word, and with it all.
    """
    with tempfile.TemporaryDirectory() as folder:
        trainer = TorchTrainer(
            _part,
            train_loop_config={"order": order},
            scaling_config=ScalingConfig(
                num_workers=place.processes,
                use_gpu=place.gpus > 0,
                resources_per_worker={"CPU": place.cpus, **({"GPU": place.gpus} if place.gpus else {})},
            ),
            run_config=RunConfig(storage_path=folder),
            torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if place.gpus else "gloo"),
        )
        try:
            trainer.fit()
        except TrainingFailedError as failure:
            raise NodeLost(str(failure)) from failure


def _part(settings: dict) -> None:
    from core.cluster.node import carry_out

    carry_out(ray.get(settings["order"]), get_context().get_world_rank())
