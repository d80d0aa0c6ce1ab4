from dataclasses import replace

import numpy as np
import pytest

from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.errors import PicturesLost
from core.training.run_data import LabeledPictures, open_run_data
from core.workspace import Workspace
from tests.digits import may_lose_pictures, small_run


def parts(workspace: Workspace, digits: Dataset, without: tuple[str, ...] = ()) -> dict[str, LabeledPictures]:
    data = open_run_data(workspace, replace(small_run(digits), without=without))
    return {"train": data.train, "valid": data.valid, "test": data.test}


def test_every_part_of_the_split_has_its_pictures_with_their_classes(
    workspace: Workspace, digits: Dataset
) -> None:
    split = current_split(digits)
    for name, part in parts(workspace, digits).items():
        assert part.rows.tolist() == list(getattr(split, name))
        assert part.labels.tolist() == [int(digits.pictures[row].label) for row in part.rows]
        assert len(part) == len(part.rows) > 0


def test_a_lost_picture_ends_it_until_it_is_to_go_on_without(workspace: Workspace, digits: Dataset) -> None:
    may_lose_pictures(digits)
    split = current_split(digits)
    lost = [digits.pictures[rows[0]] for rows in (split.train, split.valid, split.test)]
    for picture in lost:
        digits.path(picture).unlink()
    keys = tuple(picture.key for picture in lost)
    with pytest.raises(PicturesLost, match="3 pictures") as caught:
        parts(workspace, digits)
    assert set(caught.value.keys) == set(keys)
    whole = {name: list(getattr(split, name)) for name in ("train", "valid", "test")}
    for name, part in parts(workspace, digits, keys).items():
        assert part.rows.tolist() == whole[name][1:]
        assert len(part.labels) == len(part)
        assert np.ptp(part.pixels.read(part.rows)) > 0
