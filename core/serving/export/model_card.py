"""README.md of an export: the model card (Mitchell et al. 2019), its numbers from the run's own files."""

from collections.abc import Mapping, Sequence

from core.comparison.intervals import bootstrap
from core.comparison.scores import Score
from core.comparison.words import PART_WORDS, interval_words
from core.models.saved_model import Saved, SavedFineTuned, SavedModel
from core.serving.calibration import calibrated
from core.serving.export.provenance import Provenance
from core.training.metrics import class_scores, confusion_matrix
from core.training.predictions import Predictions

MOST_CLASSES = 50  # with a line of their own

_USE = """\
## How to use it
```sh
pip install -r requirements.txt
python predict.py FOLDER_OR_FILES --top 3 --out results.csv
```
`python predict.py --help` tells the rest. `model.py` is the network to read, to import and to change;
`model.pt` and `model.safetensors` hold the same weights; `pictures.py` decodes files as the app does."""

_ONNX = """\
Without PyTorch:
```sh
pip install -r requirements-onnx.txt
python predict_onnx.py FOLDER_OR_FILES --top 3 --out results.csv
```
`model.onnx` holds the preprocessing too. Its input `picture` is uint8 (B, H, W, 3), RGB as decoded, of any
size; its output `probabilities` is float32 (B, K). Its metadata has `classes`, a JSON list."""

_TRAIN_AGAIN = """\
`run.json` has all settings of the training. In the folder of ConvNet Workbench, with a workspace that has the
data set, it runs without the app's pages:
```sh
mkdir -p WORKSPACE/runs/again && cp run.json WORKSPACE/runs/again/config.json
python -m core.runs.worker WORKSPACE/runs/again
```"""

_INTENDED = """\
## Intended use
Pictures like those that it learned from: of the same things, taken in the same way. Nobody has checked it for
decisions about people or their safety."""


def model_card(
    saved: Saved,
    provenance: Provenance,
    temperature: float,
    predictions: Mapping[str, Predictions],
    licenses: Sequence[str],
    *,
    left_out: str = "",
) -> str:
    """Markdown. `predictions` are those of the "test" and "valid" pictures, as far as there are any;
    `left_out` says why there is no ONNX file.
    """
    parts = [
        f"# {_plain(provenance.run_name)}",
        f"{_what(saved)} It tells {len(saved.classes):,} classes apart: {_listed(saved.classes)}.",
        _USE,
        f"There is no ONNX file. {left_out}" if left_out else _ONNX,
        _TRAIN_AGAIN,
        _INTENDED,
        _scores(predictions, temperature),
        _limits(saved, predictions, temperature),
        _origin(saved, provenance),
        _rights(licenses),
    ]
    return "\n\n".join(parts) + "\n"


def _what(saved: Saved) -> str:
    _, height, width = saved.preprocessing.shape
    size = f"for pictures of {width} x {height} pixels"
    match saved:
        case SavedModel():
            return f"A convolutional network {size}."
        case SavedFineTuned():
            return f"The backbone {saved.backbone} with a head of its own, fine-tuned, {size}."
    return f"The backbone {saved.backbone} {size}, and a logistic regression of its features."


def _scores(predictions: Mapping[str, Predictions], temperature: float) -> str:
    lines = ["## How good it is", "95 % intervals by the bootstrap over the pictures, in brackets.", ""]
    names = [str(score) for score in Score]
    lines += [f"| pictures | number | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for part, words in PART_WORDS.items():
        if (found := predictions.get(part)) is not None:
            told = bootstrap([calibrated(found.probabilities, temperature)], found.targets)
            cells = [interval_words(score, told.estimate(0, score)) for score in Score]
            lines.append(f"| {words} | {len(found.targets):,} | {' | '.join(cells)} |")
    if len(lines) == 5:
        return "## How good it is\nIt was measured on no pictures."
    lines += ["", "The best epoch was chosen by the validation pictures; test pictures it has never met."]
    return "\n".join(lines)


def _limits(saved: Saved, predictions: Mapping[str, Predictions], temperature: float) -> str:
    lines = [
        "## Limits",
        "It takes every picture for one of its classes, also one that shows none of them.",
        f"Its logits are divided by {temperature:.3g} (temperature, fitted on the validation pictures)."
        if temperature != 1
        else "Its probabilities are not calibrated.",
    ]
    found = predictions.get("test") or predictions.get("valid")
    if found is not None and len(saved.classes) <= MOST_CLASSES:
        confusion = confusion_matrix(found.targets, found.predicted, len(saved.classes))
        lines += ["", "| class | pictures | recall | precision |", "|---|---|---|---|"]
        for score in class_scores(confusion, saved.classes):
            shares = (
                f"{share:.1%}" if share is not None else "–" for share in (score.recall, score.precision)
            )
            lines.append(f"| {_plain(score.label)} | {score.support:,} | {' | '.join(shares)} |")
        if few := int((confusion.sum(1) < 10).sum()):
            lines += ["", f"{few} of these classes were measured on fewer than 10 pictures."]
    return "\n".join(lines)


def _origin(saved: Saved, provenance: Provenance) -> str:
    split = ", ".join(f"{number:,} {side}" for side, number in provenance.split.items())
    facts = {
        "Run": f"{_plain(provenance.run_name)} (`{provenance.run_id}`)",
        "Data set": f"{_plain(provenance.dataset_name)} (`{provenance.dataset_id}`)",
        "SHA-256 of its pictures and labels": f"`{provenance.dataset_hash}`",
        "Split": f"{split} pictures (`{provenance.split_id}`)",
        "Seed": "none" if provenance.seed is None else str(provenance.seed),
        "Trained": provenance.trained,
        "Exported": f"{provenance.exported}, by ConvNet Workbench {provenance.app}",
        "Channels (mean, deviation)": ", ".join(
            f"({mean:.4g}, {std:.4g})"
            for mean, std in zip(saved.preprocessing.mean, saved.preprocessing.std, strict=True)
        ),
        "With": ", ".join(f"{name} {number}" for name, number in provenance.versions.items()),
    }
    lines = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"## Where it comes from\n| | |\n|---|---|\n{lines}"


def _rights(licenses: Sequence[str]) -> str:
    weights = "No pretrained weights are in it."
    if licenses:
        listed = ", ".join(f"`LICENSES/{name}`" for name in licenses)
        weights = f"The backbone's weights began as pretrained ones: see {listed}."
    return f"## Licences\n{weights} Under which licence its pictures are, the app doesn't know."


def _listed(classes: Sequence[str]) -> str:
    shown = ", ".join(f"`{_plain(name)}`" for name in classes[:MOST_CLASSES])
    more = len(classes) - MOST_CLASSES
    return shown + (f" and {more:,} more, all in `config.json`" if more > 0 else "")


def _plain(text: str) -> str:
    """A name that can't break a table or begin a heading."""
    return " ".join(text.replace("|", "/").replace("`", "'").split())
