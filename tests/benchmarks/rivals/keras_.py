"""Keras on the torch backend, fed by PyTorch's loaders: `python -m tests.benchmarks.rivals.keras_ FOLDER`.

Keras' own `image_dataset_from_directory` needs TensorFlow or Grain.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers
from torch.utils.data import DataLoader

from tests.benchmarks.rivals.command import print_accuracies, read_options
from tests.benchmarks.rivals.network import image_folders


def build_model(side: int, classes: int) -> keras.Sequential:
    """The layers of `network.build_network`."""
    return keras.Sequential(
        [
            keras.Input((3, side, side)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(classes),
        ]
    )


def main() -> None:
    options = read_options(__doc__)
    keras.utils.set_random_seed(options.seed)
    keras.config.set_image_data_format("channels_first")
    train, valid = image_folders(options.folder, options.side)
    model = build_model(options.side, options.classes)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        DataLoader(train, options.batch, shuffle=True, num_workers=options.workers),
        validation_data=DataLoader(valid, options.batch, num_workers=options.workers),
        epochs=options.epochs,
        verbose=0,
    )
    print_accuracies(history.history["val_accuracy"])


if __name__ == "__main__":
    main()
