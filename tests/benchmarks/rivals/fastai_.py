"""fastai's `Learner` on `ImageDataLoaders`: `python -m tests.benchmarks.rivals.fastai_ FOLDER`."""

from fastai.vision.all import (
    CrossEntropyLossFlat,
    ImageDataLoaders,
    Learner,
    Resize,
    ResizeMethod,
    accuracy,
    set_seed,
)

from tests.benchmarks.rivals.command import print_accuracies, read_options
from tests.benchmarks.rivals.network import build_network


def main() -> None:
    options = read_options(__doc__)
    set_seed(options.seed)
    loaders = ImageDataLoaders.from_folder(
        options.folder,
        train="train",
        valid="valid",
        item_tfms=Resize(options.side, method=ResizeMethod.Squish),
        bs=options.batch,
        num_workers=options.workers,
    )
    model = build_network(options.side, options.classes)
    learner = Learner(loaders, model, loss_func=CrossEntropyLossFlat(), metrics=accuracy)
    with learner.no_bar(), learner.no_logging():
        learner.fit(options.epochs, lr=1e-3)
    print_accuracies([valid_accuracy for *_, valid_accuracy in learner.recorder.values])


if __name__ == "__main__":
    main()
