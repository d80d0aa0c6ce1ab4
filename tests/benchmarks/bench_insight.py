"""What a page waits for when it looks into DenseNet-121 at 224 px, beside the bare pass and captum.

    python -m tests.benchmarks.bench_insight

Weights are untrained: they cost the same. "First" is measured in a process of its own, right after the
network is there; the others are medians.
"""

import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

ROUNDS = 5
FIRST = "--first"
LAYER, OTHER = "features.denseblock2.denselayer12.conv2", "features.denseblock3.denselayer24.conv1"
TARGET = 0


def main() -> None:
    if FIRST in sys.argv:
        print(json.dumps(first_look()))
        return
    command = [sys.executable, "-m", "tests.benchmarks.bench_insight", FIRST]
    looks = [json.loads(subprocess.check_output(command, text=True)) for _ in range(3)]
    first = {name: statistics.median(look[name] for look in looks) for name in looks[0]}
    print("| DenseNet-121, one picture of 224 px | seconds |\n|---|---|")
    for name, seconds in first.items():
        print(f"| {name} | {seconds:.2f} |")
    print("\n| attribution | workbench, s | captum, s | ratio |\n|---|---|---|---|")
    for name, (ours, theirs) in attributions().items():
        print(f"| {name} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.1f} |")


def first_look() -> dict[str, float]:
    """Seconds from the network to the maps of a layer, and then of another."""
    from core.figures.map_grid import Tile, map_grid
    from core.filtering.pictures import Photo, photo_path
    from core.insight.places import MapPlace, map_places
    from core.insight.recording import maps_of, record
    from core.insight.statistics import channel_facts

    begun = time.perf_counter()
    subject = densenet()
    loaded = time.perf_counter()
    places = {place.name: place for place in map_places(subject.walk)}

    def draw(place: MapPlace) -> None:
        maps = maps_of(subject, recording, place.row)[0]
        order = channel_facts(maps[None]).by_activity[:16]
        tiles = [Tile(f"channel {index}", maps[index]) for index in order]
        json.dumps(map_grid(tiles, shared_scale=True, picture=received, sight=place.spans))

    received = subject.read(photo_path(Photo.CHINA))
    recording = record(subject, subject.batch([received]))
    draw(places[LAYER])
    shown = time.perf_counter()
    draw(places[OTHER])
    another = time.perf_counter()
    x = subject.batch([received])
    return {
        "the network is built, with its walk": loaded - begun,
        "first: read the picture, record every layer, draw 16 maps of one": shown - loaded,
        "16 maps of another layer": another - shown,
        "a bare pass, for comparison": median(lambda: subject.model(x)),
        "a pass that records every layer": median(lambda: record(subject, x)),
    }


def attributions() -> dict[str, tuple[float, float]]:
    """Seconds of ours and of captum's, method by method."""
    import torch
    from captum.attr import GuidedBackprop, LayerGradCam, Occlusion

    from core.filtering.pictures import Photo, photo_path
    from core.insight.attribution import Method, Settings, attribute

    subject = densenet()
    x = subject.batch([subject.read(photo_path(Photo.CHINA))])
    model = subject.model
    warnings.filterwarnings("ignore", category=UserWarning)  # captum tells of the hooks that it sets

    def ours(method: Method, **settings: object) -> Callable[[], object]:
        chosen = Settings(**settings)  # type: ignore[arg-type]
        return lambda: attribute(model, x, TARGET, method, chosen, single_logit=False)

    def guided() -> None:
        for module in model.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = False  # captum can't hook into the others
        GuidedBackprop(model).attribute(x.clone().requires_grad_(), target=TARGET)

    window = {"sliding_window_shapes": (3, 28, 28), "strides": (3, 14, 14)}
    return {
        "Grad-CAM": (
            median(ours(Method.GRAD_CAM, layer="features")),
            median(lambda: LayerGradCam(model, model.features).attribute(x, target=TARGET)),
        ),
        "Guided backpropagation": (median(ours(Method.GUIDED)), median(guided)),
        "Occlusion, 28 px windows, 14 px apart": (
            median(ours(Method.OCCLUSION, window=28, stride=14), 1),
            median(
                lambda: Occlusion(model).attribute(x, target=TARGET, perturbations_per_eval=8, **window), 1
            ),
        ),
    }


def densenet():
    from core.insight.reference import Source, SubjectRef
    from core.insight.sources import open_subject
    from core.models.backbone_choice import untrained
    from core.workspace import open_workspace

    return open_subject(open_workspace(), SubjectRef(Source.BACKBONE, "densenet121", untrained(0)))


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds, after one round that warms up."""
    took = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[1:])


if __name__ == "__main__":
    main()
