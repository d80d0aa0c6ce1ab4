"""A run by features and logistic regression as one plain script: torchvision and scikit-learn."""

from core.data.dataset import Dataset
from core.data.splitting import Split
from core.embeddings.classifiers import GRID, MOST_FOLDS
from core.embeddings.config import FeaturesRunConfig
from core.models.heads import find_head
from core.models.weights_file import model_on_meta
from core.training.config import Precision


def features_script(
    config: FeaturesRunConfig,
    dataset: Dataset,
    split: Split,
    *,
    precision: Precision = Precision.FLOAT32,
    with_core: bool = False,
) -> str:
    """A program that makes the same features, fits the same classifier, and prints its accuracies.

    `with_core` takes the backbone from this project, for weights that torchvision does not load by itself.
    """
    backbone = _from_core(config) if with_core else _from_torchvision(config)
    parts = [
        _head(config, dataset, split, with_core=with_core),
        backbone + _prepared(precision),
        _READ.replace("#DRAFT", _draft(config, dataset)),
        _features(config, precision),
        _fit(config),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _head(config: FeaturesRunConfig, dataset: Dataset, split: Split, *, with_core: bool) -> str:
    title = " ".join(config.name.split()).replace("\\", "/").replace('"', "'")
    source = "from torchvision import models\n"
    runs = "Needs torch, torchvision, scikit-learn, numpy and pillow."
    if with_core:
        source = (
            "\nfrom core.models.backbones import load_backbone\n"
            "from core.models.heads import replace_head\n"
            "from core.workspace import open_workspace\n"
        )
        runs = "Run it from the project's folder: torchvision doesn't load these weights by itself."
    selection = "GridSearchCV, StratifiedKFold" if config.regularization is None else ""
    imports = f"from sklearn.model_selection import {selection}\n" if selection else ""
    return f'''
"""{title}: written by ConvNet Workbench.

{runs}
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression
{imports}from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
{source}
DATA = Path({str(dataset.folder)!r})
SPLIT = DATA / "splits" / "{split.id}.json"
CLASSES = {list(config.classes)!r}
BATCH = 32
'''


def _from_torchvision(config: FeaturesRunConfig) -> str:
    name = config.backbone
    outer, _, last = find_head(model_on_meta(name)).name.rpartition(".")
    place = "model" + "".join(
        f"[{part}]" if part.isdigit() else f".{part}" for part in outer.split(".") if part
    )
    put = (
        f"{place}[{last}] = torch.nn.Identity()"
        if last.isdigit()
        else f"{place}.{last} = torch.nn.Identity()"
    )
    if config.weights_seed is None:
        model = f"model = models.get_model({name!r}, weights=weights)"
    else:
        model = (
            f"torch.manual_seed({config.weights_seed})\n"
            f"model = models.get_model({name!r}, weights=None)  # untrained"
        )
    return f"""
weights = models.get_model_weights({name!r}).DEFAULT
{model}
{put}  # features instead of ImageNet's classes
transform = weights.transforms()  # as the weights were trained
"""


def _from_core(config: FeaturesRunConfig) -> str:
    seed = "" if config.weights_seed is None else f", seed={config.weights_seed}"
    return f'''
backbone = load_backbone(open_workspace(), {config.backbone!r}{seed})
model, receives = backbone.model, backbone.receives
replace_head(model, torch.nn.Identity())  # features instead of ImageNet's classes


def transform(picture):
    """As the weights were trained: (3, H, W)."""
    return torch.from_numpy(receives.normalized(receives.pixels(picture)[None])[0])
'''


def _prepared(precision: Precision) -> str:
    numbers = ".bfloat16()" if precision is Precision.BFLOAT16 else ""
    end = "  # faster here, as measured" if numbers else ""
    return f"\nmodel = model.eval(){numbers}.to(memory_format=torch.channels_last){end}\n"


_READ = '''
def read(path):
    """One picture, upright, RGB, transparency over white."""
    picture = Image.open(path)
#DRAFT    picture = ImageOps.exif_transpose(picture)
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
        picture = paper
    return picture.convert("RGB")
'''


def _draft(config: FeaturesRunConfig, dataset: Dataset) -> str:
    from core.models.backbones import preprocessing_of

    if not {picture.format for picture in dataset.pictures} & {"JPEG", "MPO"}:
        return ""
    side = 2 * preprocessing_of(config.backbone).resize
    return f"    picture.draft(None, ({side}, {side}))  # a large JPEG is decoded smaller, and faster\n"


def _features(config: FeaturesRunConfig, precision: Precision) -> str:
    cast = ".bfloat16()" if precision is Precision.BFLOAT16 else ""
    without = ""
    if config.without:
        without = f"""
lost = set({list(config.without)!r})  # these files can't be read any more
split = {{side: [row for row in rows if records[row]["key"] not in lost] for side, rows in split.items()}}"""
    return f'''
@torch.inference_mode()
def get_features(rows):
    """(N, D) of these pictures."""
    parts = []
    for start in range(0, len(rows), BATCH):
        pictures = [transform(read(DATA / records[row]["file"])) for row in rows[start : start + BATCH]]
        x = torch.stack(pictures).to(memory_format=torch.channels_last){cast}
        parts.append(model(x).flatten(1).float().numpy())
    return np.concatenate(parts)


with (DATA / "pictures.jsonl").open(encoding="utf-8") as lines:
    records = [json.loads(line) for line in lines]
split = json.loads(SPLIT.read_text(encoding="utf-8"))
split = {{side: split[side] for side in ("train", "valid", "test") if split[side]}}{without}
Z = {{side: get_features(rows) for side, rows in split.items()}}
y = {{side: np.array([CLASSES.index(records[row]["label"]) for row in rows]) for side, rows in split.items()}}
'''


def _fit(config: FeaturesRunConfig) -> str:
    arguments = f"max_iter={config.max_iter}"
    if config.class_weights:
        arguments += ', class_weight="balanced"'
    if config.regularization is not None:
        fitted = f"""
# The scaler, too, sees nothing but training pictures.
classifier = make_pipeline(StandardScaler(), LogisticRegression(C={config.regularization!r}, {arguments}))
classifier.fit(Z["train"], y["train"])
"""
    else:
        fitted = f"""
# The scaler, too, sees nothing but training pictures: in each fold those of the fold.
pipeline = make_pipeline(StandardScaler(), LogisticRegression({arguments}))
folds = int(min({MOST_FOLDS}, np.bincount(y["train"]).min()))
search = GridSearchCV(
    pipeline,
    {{"logisticregression__C": {list(GRID)!r}}},
    scoring="neg_log_loss",
    cv=StratifiedKFold(folds, shuffle=True, random_state={config.seed}),
)
search.fit(Z["train"], y["train"])
classifier = search.best_estimator_
print("C:", search.best_params_["logisticregression__C"])
"""
    return f"""{fitted}
for side in Z:
    print(f"{{side}} accuracy: {{classifier.score(Z[side], y[side]):.4f}} of {{len(y[side])}} pictures")
"""
