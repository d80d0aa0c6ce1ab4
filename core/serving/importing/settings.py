"""What the bringer of a model knows better than its file: the names of its classes, and how its pictures are
prepared."""

from dataclasses import replace

from core.data.preprocessing import Preprocessing
from core.errors import ModelFileError
from core.models.backbone_preprocessing import BackbonePreprocessing
from core.models.imported import Form, ImportedModel
from core.models.saved_model import Saved, load_model_description, save_model_description
from core.serving.importing.onnx_description import (
    OnnxDescription,
    Output,
    load_onnx_description,
    save_onnx_description,
)
from core.serving.importing.onnx_trial import try_out
from core.serving.importing.request import names_for

Description = Saved | OnnxDescription


def description_of(model: ImportedModel) -> Description:
    """What stands in its model.json.

    Raises:
        ModelFileError: that is missing or damaged.
    """
    if model.origin.form is Form.ONNX:
        return load_onnx_description(model.folder)
    return load_model_description(model.folder)


def name_classes(model: ImportedModel, classes: tuple[str, ...]) -> None:
    """Give its classes other names, in the order of its outputs.

    Raises:
        ModelFileError: there are more or fewer names than classes.
    """
    before = description_of(model)
    names, _ = names_for(len(before.classes), classes)
    _save(model, replace(before, classes=names))


def prepare(model: ImportedModel, preprocessing: Preprocessing | BackbonePreprocessing) -> None:
    """Have the pictures of a network of ours prepared in another way, at the same size.

    Raises:
        ModelFileError: it is another size, or a network of another kind.
    """
    before = description_of(model)
    if isinstance(before, OnnxDescription):
        raise ModelFileError("This is an ONNX network.", fix="Use `prepare_onnx`.")
    now = before.preprocessing
    if preprocessing.shape != now.shape or type(preprocessing) is not type(now):
        raise ModelFileError(
            "The network was built for pictures of one size, brought to it in one way.",
            expected=str(now),
            found=str(preprocessing),
            fix="Keep the size, and change the values alone.",
        )
    _save(model, replace(before, preprocessing=preprocessing))  # type: ignore[arg-type]


def prepare_onnx(
    model: ImportedModel,
    preprocessing: Preprocessing | BackbonePreprocessing,
    output: Output,
    *,
    bgr: bool,
) -> None:
    """Have the pictures of an ONNX network prepared in another way, and its output read as `output`.

    Raises:
        ConfigError: the network takes another size only.
        ModelFileError: it prepares them by itself, fails at that size, or takes too much.
    """
    before = load_onnx_description(model.folder)
    if before.prepares:
        raise ModelFileError(
            "This network prepares its pictures by itself.",
            expected="pictures as they were decoded",
            found="other settings",
            fix="Leave it as it is.",
        )
    after = replace(before, preprocessing=preprocessing, output=output, bgr=bgr)
    if preprocessing.shape[1:] != before.preprocessing.shape[1:]:
        _, height, width = preprocessing.shape
        try_out(model.weights, (height, width))
    save_onnx_description(model.folder, after)


def _save(model: ImportedModel, description: Description) -> None:
    if isinstance(description, OnnxDescription):
        save_onnx_description(model.folder, description)
    else:
        save_model_description(model.folder, description)
