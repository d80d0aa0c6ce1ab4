from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from core.data.importing import ImportConfig, SourceKind
from core.data.splitting import current_split
from core.workspace import Workspace
from tests.core.data.bringing import bring, bring_with
from tests.digits import write_digits


def test_the_sample_holds_scikit_learn_s_digits(workspace: Workspace) -> None:
    dataset = bring_with(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
    digits = load_digits()
    assert dataset.classes == tuple("0123456789")
    assert len(dataset.pictures) == 1797
    assert np.bincount(dataset.labels()).tolist() == np.bincount(digits.target).tolist()
    assert {(p.width, p.height, p.mode) for p in dataset.pictures} == {(8, 8, "L")}
    split = current_split(dataset)
    assert len(split.train) + len(split.valid) + len(split.test) == 1797
    assert 0.69 < len(split.train) / 1797 < 0.71


@pytest.mark.slow
def test_written_digits_are_the_same_pictures(tmp_path: Path, workspace: Workspace) -> None:
    write_digits(tmp_path / "digits")
    written = bring(workspace, tmp_path / "digits")
    sample = bring_with(workspace, ImportConfig("Digits", SourceKind.SAMPLE_DIGITS))
    assert written.pictures == sample.pictures
