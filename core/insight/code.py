"""What the pages show of a network as code that a reader runs."""

from pathlib import Path

from core.insight.reference import SubjectRef
from core.models.code import class_source
from core.models.loading_code import import_lines, loading_lines, preprocessing_lines
from core.models.saved_model import SavedModel
from core.models.source import Source

PICTURE = "picture.png"


# Lines that leave a `model` in evaluation mode, and a picture as `x` (1, C, H, W).
Loading = str


def load_run(saved: SavedModel, weights: Path, picture: str = PICTURE) -> Loading:
    """A run's network in plain PyTorch, with the weights in a file."""
    return f"""{import_lines(saved)}

{class_source(saved.cnn, saved.preprocessing.shape, saved.outputs)}

model = CNN()
{loading_lines(weights)}
{preprocessing_lines(saved.preprocessing, picture)}"""


def load_torchvision(name: str, picture: str = PICTURE) -> Loading:
    """One of torchvision's models with its trained weights and its own preprocessing."""
    return f"""import torch
from PIL import Image, ImageOps
from torchvision import models

weights = models.get_model_weights({name!r}).DEFAULT
model = models.get_model({name!r}, weights=weights).eval()
picture = ImageOps.exif_transpose(Image.open({picture!r})).convert("RGB")
x = weights.transforms()(picture).unsqueeze(0)  # (1, 3, H, W)
"""


def load_with_core(ref: SubjectRef, picture: str = PICTURE) -> Loading:
    """Any network, run from this project's folder: also transparent, CMYK and 16-bit pictures."""
    return f"""from pathlib import Path

import torch

from core.insight.reference import Source, SubjectRef
from core.insight.sources import open_subject
from core.workspace import open_workspace

ref = SubjectRef(Source.{Source(ref.source).name}, {ref.id!r}, {ref.weights!r})
subject = open_subject(open_workspace(), ref)
model = subject.model
x = subject.batch([subject.read(Path({picture!r}))])  # (1, C, H, W)
"""


def filter_code(loading: Loading, layer: str) -> str:
    """The weights of a convolution."""
    return f"""{loading}
weights = model.get_submodule({layer!r}).weight.detach()  # (O, I, kh, kw)
norms = weights.flatten(1).norm(dim=1)
for index in norms.argsort(descending=True)[:8].tolist():
    kernel = weights[index]
    print(f"filter {{index}}: norm {{norms[index]:.4f}}, {{kernel.min():.4f}} to {{kernel.max():.4f}}")
"""


def map_code(loading: Loading, layer: str, call: int, channel: int, *, is_turned: bool, pools: bool) -> str:
    """The maps of a module at its `call`-th use (from 0), and one of them pooled both ways if it `pools`.

    With `is_turned`, the module puts the channels at the end, as core.models.channels tells.
    """
    turned = ".movedim(-1, 0)" if is_turned else ""
    pooled = f"""one = maps[{channel}][None, None]
print(torch.nn.functional.max_pool2d(one, 2).mean(), torch.nn.functional.avg_pool2d(one, 2).mean())
"""
    return f"""{loading}
outputs = []
hook = model.get_submodule({layer!r}).register_forward_hook(
    # A copy: what comes later may change the output in place.
    lambda module, args, output: outputs.append(output.detach().clone())
)
with torch.inference_mode():
    model(x)
hook.remove()

maps = outputs[{call}][0]{turned}  # (C, H, W)
for index in maps.abs().mean((1, 2)).argsort(descending=True)[:8].tolist():
    one = maps[index]
    print(f"channel {{index}}: mean {{one.mean():.6g}}, {{one.min():.6g}} to {{one.max():.6g}}")
{pooled if pools else ""}"""


def map_core_code(loading: Loading, row: int) -> str:
    """The maps of any row of a network's walk, with `core`; `loading` is `load_with_core`'s."""
    return f"""{loading}
from core.insight.recording import maps_of, record

recording = record(subject, x, [{row}])
maps = maps_of(subject, recording, {row})[0]  # (C, H, W)
print(subject.walk.rows[{row}].name, maps.shape, maps.min(), maps.max())
"""


def grad_cam_code(loading: Loading, layer: str, target: int, *, single_logit: bool) -> str:
    """Grad-CAM by hand. `layer` is a module; its last call counts."""
    score = _score(target, single_logit=single_logit)
    return f"""{loading}
kept = []


def keep(module, args, output):
    kept.append(output.clone())  # what follows works on the copy, perhaps in place: so it gets another one
    return kept[-1].clone()


hook = model.get_submodule({layer!r}).register_forward_hook(keep)
logits = model(x)
hook.remove()
maps = kept[-1]  # (1, C, h, w)
(gradient,) = torch.autograd.grad({score}, maps)
weights = gradient.mean((2, 3), keepdim=True)
coarse = (weights * maps).sum(1, keepdim=True).detach()
cam = torch.nn.functional.interpolate(coarse.relu(), x.shape[2:], mode="bilinear", align_corners=False)[0, 0]
print(f"{{cam.min():.6g}} to {{cam.max():.6g}}")
"""


def attribution_code(ref: SubjectRef, target: int, method: str, settings: str) -> str:
    """Any method, with `core`; `method` and `settings` are the lines that make them."""
    return f"""{load_with_core(ref)}
from core.insight.attribution import Method, Settings, attribute
from core.insight.baseline import Baseline

method, settings = {method}, {settings}
found = attribute(model, x, {target}, method, settings, single_logit=subject.single_logit)
print(subject.classes[{target}], found.score, found.low, found.high)
"""


def _score(target: int, *, single_logit: bool) -> str:
    """The score of a class, with the logit that stands for it."""
    if not single_logit:
        return f"logits[0, {target}]"
    return "logits[0, 0]" if target == 1 else "-logits[0, 0]"
