"""What a list of runs shows of each: how far it is, how good, and with which settings; damage included."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.embeddings.config import FeaturesRunConfig
from core.errors import ConfigError, RunError
from core.models.cnn_config import ConvBlock, HiddenLayer, Pool
from core.records import from_json
from core.runs.store import Run, RunState
from core.training.config import CnnRunConfig, Precision
from core.training.fine_tune_config import FineTuneConfig, Trains

Settings = dict[str, str]


@dataclass(frozen=True)
class RunOverview:
    """One line of the list. `damage` says why a run can't be read, and then most else is empty.

    Accuracies are shares from 0 to 1, `seconds` is the time in finished epochs, `queued` the moment in
    seconds since 1970.
    """

    id: str
    name: str
    state: RunState | None = None
    queued: float = 0.0
    epochs_done: int = 0
    epochs: int | None = None
    best_accuracy: float | None = None
    test_accuracy: float | None = None
    parameters: int | None = None
    seconds: float = 0.0
    settings: Settings = field(default_factory=dict)
    records: tuple[dict[str, Any], ...] = ()
    has_model: bool = False
    damage: str = ""
    kind: str = ""  # that of its config


def overview_of(run: Run) -> RunOverview:
    """What can be read of `run`; never raises for a damaged folder."""
    has_model = (run.folder / "best.pt").is_file()
    try:
        config, status, records = run.config(), run.status(), run.metrics()
        _check_readable(run, config)
    except (RunError, OSError, ValueError) as damage:
        return RunOverview(run.id, run.id, damage=str(damage), has_model=has_model)
    accuracies = [_number(record.get("valid_accuracy")) for record in records]
    training = config.get("training")
    parameters = _number(status.result.get("parameters"))
    return RunOverview(
        run.id,
        str(config.get("name") or run.id),
        status.state,
        status.queued,
        len(records),
        training.get("epochs") if isinstance(training, dict) else None,
        max((accuracy for accuracy in accuracies if accuracy is not None), default=None),
        _number(status.result.get("test_accuracy")),
        None if parameters is None else int(parameters),
        sum(_number(record.get("seconds")) or 0.0 for record in records),
        settings_of(config),
        tuple(records),
        has_model,
        kind=str(config["kind"]),
    )


def _check_readable(run: Run, config: dict[str, Any]) -> None:
    """Raises RunError for a config.json that is whole, but not the settings of a run."""
    try:
        if (kind := _KINDS.get(str(config.get("kind")))) is not None:
            from_json(kind, config)
        elif not isinstance(config.get("kind"), str):
            raise ConfigError("The settings don't say what kind of run they are for.", fix="")
    except ConfigError as error:
        raise RunError(
            f"{run.folder / 'config.json'} is not the settings of a run: {error.problem.rstrip('.')}.",
            expected=error.expected,
            found=error.found,
            fix="Put back the file as it was, or delete the run.",
        ) from error


def settings_of(config: dict[str, Any]) -> Settings:
    """A config's settings in words, in the order of their making; a nested record gives a line a field."""
    settings: Settings = {}
    for name, value in config.items():
        if name in _NOT_SETTINGS or (name in _OPTIONAL and not value):
            continue
        if name == "without" and isinstance(value, list):
            value = len(value)
        if name == "blocks" and config.get("trains") != Trains.BLOCKS:
            continue
        if name == "regularization" and value is None:
            value = "by cross-validation"
        _flatten(_GROUPS.get(name, name), value, settings)
    return settings


def differing(settings: Sequence[Settings]) -> list[str]:
    """The settings that are not the same everywhere, in order; one that some lack differs."""
    return [name for name in all_settings(settings) if len({each.get(name) for each in settings}) > 1]


def all_settings(settings: Sequence[Settings]) -> list[str]:
    """The names of all settings, in the order of their first appearance."""
    return list(dict.fromkeys(name for each in settings for name in each))


_KINDS: dict[str, type] = {kind.kind: kind for kind in (CnnRunConfig, FineTuneConfig, FeaturesRunConfig)}
_NOT_SETTINGS = {"name", "kind", "classes"}
_OPTIONAL = {"starts_from", "without"}  # told only where there is something to tell
_GROUPS = {
    "preprocessing": "pictures",
    "cnn": "network",
    "dataset_id": "data set",
    "split_id": "split",
    "starts_from": "starts from",
    "without": "pictures left out",
    "trains": "what trains",
    "blocks": "blocks of the backbone that train",
    "backbone_rate": "learning rate of the backbone",
    "warm_up": "epochs of warm-up",
    "unfreeze_every": "epochs between two blocks",
    "views": "augmented views a picture",
    "max_iter": "most iterations",
    "regularization": "C",
}
_NAMES = {"gradient_clip": "longest gradient", "deterministic": "deterministic kernels"}
_BLOCKS, _HIDDEN = "network: blocks", "network: hidden"
_LAYERS = {_BLOCKS: "block", _HIDDEN: "hidden layer"}
_BARE = {"training"}  # its settings need no group before their names


def _flatten(name: str, value: Any, into: Settings) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if name in _BARE:
                _flatten(str(_NAMES.get(key, key)), _said(key, inner), into)
            else:
                _flatten(f"{name}: {key}", inner, into)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, inner in enumerate(value, 1):
            into[f"{_LAYERS.get(name, name)} {number}".replace("_", " ")] = _layer_words(name, inner)
    else:
        into[name.replace("_", " ")] = _words(value)


def _said(setting: str, value: Any) -> Any:
    """The value, in words where it alone says little."""
    if setting == "precision" and value == Precision.AUTO:
        return "the faster, as measured"
    if setting == "gradient_clip" and value is None:
        return "any"
    return value


def _layer_words(name: str, value: Any) -> str:
    try:
        if name == _BLOCKS:
            return block_words(from_json(ConvBlock, value))
        if name == _HIDDEN:
            layer = from_json(HiddenLayer, value)
            return f"{layer.width} wide, {layer.activation}" + _dropout_words(layer.dropout)
    except ConfigError:  # written by another version: shown as it stands
        pass
    return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())


def block_words(block: ConvBlock) -> str:
    """A block in a line, such as "16 of 3×3, padding 1, batch norm, relu, max 2"."""
    parts = [f"{block.filters} of {block.kernel}×{block.kernel}"]
    parts += [f"stride {block.stride}"] if block.stride > 1 else []
    parts.append("padding same" if block.padding is None else f"padding {block.padding}")
    parts += [f"dilation {block.dilation}"] if block.dilation > 1 else []
    parts += ["batch norm"] if block.batch_norm else []
    parts += ["skip"] if block.residual else []
    parts.append(block.activation.replace("_", " "))
    parts += [f"{block.pool} {block.pool_size}"] if block.pool is not Pool.NONE else []
    return ", ".join(parts) + _dropout_words(block.dropout)


def _dropout_words(dropout: float) -> str:
    return f", dropout {dropout:g}" if dropout else ""


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    return str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
