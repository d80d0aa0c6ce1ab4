"""Features of pictures: what a backbone makes of them in front of its head, kept on the disk by content."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import nn

from core.data.dataset import Dataset
from core.data.parallel import Progress, StopCheck, in_threads, never
from core.data.pixel_cache import NAMED, pixels_of
from core.embeddings.store import FeatureStore, store_path
from core.errors import Cancelled, PicturesLost
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.backbones import load_backbone
from core.models.heads import find_head, replace_head
from core.training.batches import Batcher, unit_range
from core.training.frozen_numbers import SAMPLE, Numbers, load_numbers, measure_numbers, numbers_file
from core.training.frozen_pass import batch_for, outputs_of, prepared
from core.training.prefetch import ahead
from core.workspace import Workspace

AHEAD = 2  # batches that are decoded while the network is busy with another


@dataclass(frozen=True)
class Extractor:
    """A backbone without its head, float32 and in eval mode on the processor: (B, 3, H, W) to `features`
    numbers a picture. `key` tells its weights from all others.
    """

    key: str
    backbone: str
    model: nn.Module
    receives: BackbonePreprocessing
    features: int


@dataclass(frozen=True)
class Extracted:
    """Where the features are, in which numbers they were computed, and how many pictures were `computed`
    now, in so many seconds; the others were there.
    """

    store: FeatureStore
    numbers: Numbers
    computed: int
    seconds: float


def open_extractor(workspace: Workspace, backbone: str, seed: int | None = None) -> Extractor:
    """A backbone with its trained weights, or with `seed` with untrained ones, and without its head.

    Raises:
        ConfigError: no backbone has this name.
        ModelFileError: the trained weights are not on this machine, or their file is damaged.
    """
    loaded = load_backbone(workspace, backbone, seed)
    features = find_head(loaded.model).features
    replace_head(loaded.model, nn.Identity())
    model = loaded.model.requires_grad_(False)
    return Extractor(loaded.key, backbone, model, loaded.receives, features)


def extract(
    workspace: Workspace,
    extractor: Extractor,
    dataset: Dataset,
    rows: Sequence[int],
    *,
    device: str = "cpu",
    on_progress: Progress = lambda done, total, what: None,
    should_stop: StopCheck = never,
) -> Extracted:
    """The features of pictures `rows` of `dataset`; only those that the disk doesn't have are computed.

    Whoever is interrupted goes on where it was: no more than the batch under way is computed again. Two
    processes that want features of the same backbone take turns.

    Raises:
        PicturesLost: a picture can't be read any more.
        Cancelled: `should_stop` said so between two batches.
        OSError: the disk is full.
    """
    target = torch.device(device)
    batcher = Batcher(extractor.receives, target)
    model = extractor.model.to(target)
    stored = numbers_file(workspace, extractor.key, device)
    numbers = load_numbers(stored)
    if numbers is None:
        on_progress(0, 0, "measuring how this backbone computes fastest here")
        sample = _sample(dataset, rows, extractor.receives)
        numbers = measure_numbers(model, _normalized(batcher, sample), stored)
    kind = f"{numbers.precision} {target.type}"
    store = FeatureStore(store_path(workspace, extractor.key, extractor.receives, kind), extractor.features)
    keys = [dataset.pictures[row].key for row in rows]
    row_of = dict(zip(reversed(keys), reversed(rows), strict=True))
    computed, seconds = 0, 0.0
    lost: list[PicturesLost] = []
    try:
        if store.missing(keys):
            on_progress(0, 0, "waiting for another run that computes features with this backbone")
            with store.alone(should_stop):
                missing = [row_of[key] for key in store.missing(keys)]
                begun = time.perf_counter()
                network = prepared(model, numbers.precision)
                dtype = next(network.parameters()).dtype
                on_progress(0, len(missing), "computing features")
                with closing(_decoded(dataset, missing, extractor.receives, lost, should_stop)) as batches:
                    for batch, pixels in batches:
                        if should_stop():
                            raise Cancelled
                        made = outputs_of(network, _normalized(batcher, pixels).to(dtype))
                        rows_now = made.flatten(1).float().cpu().numpy()
                        store.append([dataset.pictures[row].key for row in batch], rows_now)
                        computed += len(batch)
                        on_progress(computed, len(missing), "computing features")
                seconds = time.perf_counter() - begun
        _check_none_lost(lost, dataset)
    except BaseException:
        store.close()
        raise
    finally:
        extractor.model.to("cpu")
    return Extracted(store, numbers, computed, seconds)


def _decoded(
    dataset: Dataset,
    rows: Sequence[int],
    receives: BackbonePreprocessing,
    lost: list[PicturesLost],
    should_stop: StopCheck,
) -> Generator[tuple[list[int], np.ndarray], None, None]:
    """Batches of rows with their pixels, uint8 (B, H, W, 3), decoded in threads ahead of their use.

    Pictures that can't be read are left out, and told to `lost`.
    """

    def read(row: int) -> np.ndarray | None:
        try:
            return pixels_of(dataset, row, receives)
        except PicturesLost as loss:
            lost.append(loss)
            return None

    def batches() -> Generator[tuple[list[int], np.ndarray], None, None]:
        with closing(in_threads(read, rows, should_stop=should_stop)) as pairs:
            readable = ((row, pixels) for row, pixels in pairs if pixels is not None)
            while batch := list(islice(readable, batch_for(receives))):
                yield [row for row, _ in batch], np.stack([pixels for _, pixels in batch])

    return ahead(batches(), AHEAD)


def _sample(dataset: Dataset, rows: Sequence[int], receives: BackbonePreprocessing) -> np.ndarray:
    """The pixels, uint8 (B, H, W, 3), of the first pictures that can be read."""
    pixels: list[np.ndarray] = []
    lost: list[PicturesLost] = []
    for row in rows:
        try:
            pixels.append(pixels_of(dataset, row, receives))
        except PicturesLost as loss:
            lost.append(loss)
        if len(pixels) == SAMPLE:
            break
    if not pixels:
        _check_none_lost(lost, dataset)
    return np.stack(pixels)


def _check_none_lost(lost: Sequence[PicturesLost], dataset: Dataset) -> None:
    """Raises PicturesLost for all that are."""
    if len(lost) == 1:
        raise lost[0]
    if lost:
        keys = {key for loss in lost for key in loss.keys}
        pictures = [picture for picture in dataset.pictures if picture.key in keys]
        names = [picture.name for picture in pictures]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        raise PicturesLost(
            f"{len(lost):,} pictures of data set {dataset.name} can't be read any more: "
            f"{', '.join(names[:NAMED])}{more}.",
            found=lost[0].found,
            fix=lost[0].fix,
            keys=tuple(dict.fromkeys(picture.key for picture in pictures)),
        )


def _normalized(batcher: Batcher, pixels: np.ndarray) -> torch.Tensor:
    return batcher.normalized(unit_range(torch.from_numpy(pixels).to(batcher.device)))
