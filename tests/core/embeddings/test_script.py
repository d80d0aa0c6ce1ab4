import re
from pathlib import Path

import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.embeddings.script import features_script
from core.training.config import Precision
from core.workspace import Workspace
from tests.core.embeddings.runs import LITE0, features_config, features_run
from tests.digits import import_folder, write_digits
from tests.scripts import said_alone, said_with_core


@pytest.fixture
def few(workspace: Workspace, tmp_path: Path) -> Dataset:
    write_digits(tmp_path / "pictures", 60)
    return import_folder(workspace, tmp_path / "pictures", "Very few")


def accuracies_in(said: str) -> dict[str, float]:
    """By side."""
    return {side: float(value) for side, value in re.findall(r"(\w+) accuracy: ([\d.]+)", said)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "isolated"),
    [
        ({"class_weights": True}, True),
        ({"regularization": None, "backbone": LITE0, "weights": "trained", "seed": 2}, False),
    ],
)
def test_it_prints_the_accuracies_of_the_run(
    workspace: Workspace, few: Dataset, tmp_path: Path, settings: dict, isolated: bool
) -> None:
    config = features_config(few, **settings)
    run = features_run(workspace, config)
    precision = Precision(run.facts()["precision"])
    source = features_script(config, few, current_split(few), precision=precision, with_core=not isolated)
    found = accuracies_in((said_alone if isolated else said_with_core)(source, tmp_path / "plain"))
    result = run.status().result
    (record,) = run.metrics()
    assert found == pytest.approx(
        {
            "train": record["train_accuracy"],
            "valid": result["best_accuracy"],
            "test": result["test_accuracy"],
        },
        abs=1e-4,
    )


def test_pictures_that_were_left_out_are_left_out(few: Dataset) -> None:
    config = features_config(few, without=(few.pictures[0].key,))
    assert few.pictures[0].key in features_script(config, few, current_split(few))


@pytest.mark.parametrize(
    ("backbone", "line"),
    [
        ("densenet121", "model.classifier = torch.nn.Identity()"),
        ("resnet18", "model.fc = torch.nn.Identity()"),
        ("squeezenet1_1", "model.classifier[1] = torch.nn.Identity()"),
        ("vit_b_16", "model.heads.head = torch.nn.Identity()"),
    ],
)
def test_the_head_is_replaced_where_it_is(few: Dataset, backbone: str, line: str) -> None:
    config = features_config(few, backbone=backbone, weights="trained")
    source = features_script(config, few, current_split(few), precision=Precision.BFLOAT16)
    compile(source, "features.py", "exec")
    assert line in source
    assert "model.eval().bfloat16()" in source
