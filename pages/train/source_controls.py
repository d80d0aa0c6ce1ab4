"""The settings of a run as what the controls of the form hold, by their keys."""

from core.data.augmentation_config import Augmentation
from core.training.config import TrainingConfig


def training_controls(training: TrainingConfig) -> dict[str, object]:
    return {
        "epochs": training.epochs,
        "batch-size": training.batch_size,
        "optimizer": training.optimizer,
        "learning-rate": training.learning_rate,
        "schedule": training.schedule,
        "momentum": training.momentum,
        "decay": training.weight_decay,
        "loss": training.loss,
        "weights": training.class_weights,
        "early": training.patience is not None,
        "patience": training.patience or 5,
        "training_seed": training.seed,
        "precision": training.precision,
        "clip": training.gradient_clip is not None,
        "longest-gradient": training.gradient_clip or 1.0,
        "deterministic": training.deterministic,
        "compiled": training.compiled,
    }


def augmentation_controls(augmentation: Augmentation) -> dict[str, object]:
    return {
        "flip-x": augmentation.horizontal_flip,
        "flip-y": augmentation.vertical_flip,
        "rotation": round(augmentation.rotation),
        "crop": round(100 * augmentation.crop),
        "brightness": round(100 * augmentation.brightness),
        "contrast": round(100 * augmentation.contrast),
        "saturation": round(100 * augmentation.saturation),
    }
