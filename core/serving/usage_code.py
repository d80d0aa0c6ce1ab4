"""A trained model as code that a reader runs: in plain PyTorch, and with this project's `core`."""

from pathlib import Path

from core.data.preprocessing import Preprocessing, Resize
from core.models.code import class_source
from core.models.saved_model import SavedModel


def state_dict_lines(folder: Path) -> str:
    """Save, load and evaluation mode, with this run's own file."""
    return f"""torch.save(model.state_dict(), "my_model.pt")  # what the run did for best.pt
{_loading_lines(folder)}"""


def pytorch_code(saved: SavedModel, folder: Path, picture: str = "picture.png") -> str:
    """A script without this project: the network, its weights in `folder`, one picture's probabilities."""
    has_skips = any(block.residual for block in saved.cnn.blocks)
    imports = "from collections import OrderedDict\n\n" if has_skips else ""
    imports += "import numpy as np\nimport torch\nfrom PIL import Image, ImageOps\nfrom torch import nn\n"
    network = class_source(saved.cnn, saved.preprocessing.shape, saved.outputs)
    return f"""{imports}

{network}

CLASSES = {list(saved.classes)!r}

model = CNN()
{_loading_lines(folder)}
picture = ImageOps.exif_transpose(Image.open({picture!r}))
{_preprocessing_lines(saved.preprocessing)}
with torch.inference_mode():
    logits = model(x)
{_probability_lines(saved)}
for name, share in zip(CLASSES, probabilities.tolist()):
    print(f"{{name}}: {{share:.4f}}")
"""


def core_code(folder: Path, picture: str = "picture.png") -> str:
    """The same with `core`, run from this project's folder: also transparent, CMYK and 16-bit pictures."""
    return f"""from pathlib import Path

from core.runs.store import Run
from core.serving.prediction import load_predictor

predictor = load_predictor(Run(Path({str(folder)!r})))
received = predictor.read(Path({picture!r}))  # uint8 (H, W, C)
probabilities = predictor.predict([received])[0]
for name, share in zip(predictor.classes, probabilities.tolist()):
    print(f"{{name}}: {{share:.4f}}")
"""


def _loading_lines(folder: Path) -> str:
    load = f'torch.load({str(folder / "best.pt")!r}, weights_only=True, map_location="cpu")'
    return f"""model.load_state_dict({load})
model.eval()  # dropout off, batch norm with what it saw in training
"""


def _preprocessing_lines(p: Preprocessing) -> str:
    size = (p.width, p.height)
    resized = {
        Resize.STRETCH: f"picture.resize({size}, Image.Resampling.BILINEAR)",
        Resize.CROP: f"ImageOps.fit(picture, {size}, Image.Resampling.BILINEAR)",
        Resize.PAD: f"ImageOps.pad(picture, {size}, Image.Resampling.BILINEAR)",
    }[p.resize]
    mean, std = (f"torch.tensor({list(values)}).view(-1, 1, 1)" for values in (p.mean, p.std))
    return f"""picture = picture.convert({p.color.pillow_mode!r})
picture = {resized}
pixels = np.array(picture).reshape({p.height}, {p.width}, {p.color.channels})
x = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255  # (C, H, W) in [0, 1]
x = ((x - {mean}) / {std}).unsqueeze(0)  # (1, C, H, W)
"""


def _probability_lines(saved: SavedModel) -> str:
    if not saved.single_logit:
        return "probabilities = torch.softmax(logits, 1)[0]"
    return "p = torch.sigmoid(logits)[0, 0]  # of the second class\nprobabilities = torch.stack([1 - p, p])"
