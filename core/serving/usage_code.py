"""A trained model as code that a reader runs: in plain PyTorch, and with this project's `core`."""

from pathlib import Path

from core.models.code import class_source
from core.models.loading_code import import_lines, loading_lines, preprocessing_lines
from core.models.saved_model import SavedModel


def state_dict_lines(folder: Path) -> str:
    """Save, load and evaluation mode, with this run's own file."""
    return f"""torch.save(model.state_dict(), "my_model.pt")  # what the run did for best.pt
{loading_lines(folder / "best.pt")}"""


def pytorch_code(saved: SavedModel, folder: Path, temperature: float, picture: str = "picture.png") -> str:
    """A script without this project: the network, its weights in `folder`, one picture's probabilities, which
    are calibrated by `temperature`.
    """
    calibrated = "" if temperature == 1 else f" / {temperature!r}  # the temperature of its calibration"
    return f"""{import_lines(saved)}

{class_source(saved.cnn, saved.preprocessing.shape, saved.outputs)}

CLASSES = {list(saved.classes)!r}

model = CNN()
{loading_lines(folder / "best.pt")}
{preprocessing_lines(saved.preprocessing, picture)}
with torch.inference_mode():
    logits = model(x){calibrated}
{_probability_lines(saved)}
for name, share in zip(CLASSES, probabilities.tolist()):
    print(f"{{name}}: {{share:.4f}}")
"""


def core_code(folder: Path, picture: str = "picture.png") -> str:
    """The same with `core`, run from this project's folder: also transparent, CMYK and 16-bit pictures."""
    return f"""from pathlib import Path

from core.runs.store import Run
from core.serving.calibration import calibrated
from core.serving.prediction import load_predictor

predictor = load_predictor(Run(Path({str(folder)!r})))
received = predictor.read(Path({picture!r}))  # uint8 (H, W, C)
probabilities = calibrated(predictor.predict([received]), predictor.temperature)[0]
for name, share in zip(predictor.classes, probabilities.tolist()):
    print(f"{{name}}: {{share:.4f}}")
"""


def model_code(key: str, picture: str = "picture.png") -> str:
    """The five likeliest classes by any model, with `core`, run from this project's folder."""
    return f"""from pathlib import Path

from core.serving.calibration import calibrated
from core.serving.model_sources import open_model
from core.workspace import open_workspace

model = open_model(open_workspace(), {key!r})
received = model.read(Path({picture!r}))  # uint8 (H, W, C)
probabilities = calibrated(model.predict([received]), model.temperature)[0]
for index in probabilities.argsort()[::-1][:5]:
    print(f"{{model.classes[index]}}: {{probabilities[index]:.4f}}")
"""


def _probability_lines(saved: SavedModel) -> str:
    if not saved.single_logit:
        return "probabilities = torch.softmax(logits, 1)[0]"
    return "p = torch.sigmoid(logits)[0, 0]  # of the second class\nprobabilities = torch.stack([1 - p, p])"
