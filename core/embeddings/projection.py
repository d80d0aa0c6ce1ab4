"""Features as points on a map: near each other where the backbone finds pictures alike. No torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from core.embeddings.algebra import calm
from core.workspace import put_in_place

MOST_POINTS = 2000
FIRST = 50  # principal components that t-SNE begins with
PERPLEXITY = 30.0  # at most: about as many neighbours count as near
FILE = "map.npz"


@dataclass(frozen=True)
class FeatureMap:
    """`pictures` (M,) are indices into the data set, `pca` and `tsne` (M, 2) their places.

    `explained` (2,) are the shares (0 to 1) of the variance along PCA's axes.
    """

    pictures: np.ndarray
    pca: np.ndarray
    tsne: np.ndarray
    explained: np.ndarray


def sample(count: int, most: int, seed: int) -> np.ndarray:
    """Positions of at most `most` of `count`, in order, drawn from `seed`."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def project(features: np.ndarray, pictures: np.ndarray, seed: int) -> FeatureMap:
    """Both maps of scaled features (M, D), two of them at least."""
    pca = PCA(min(FIRST, *features.shape), random_state=seed)
    with calm(features.size):
        reduced = pca.fit_transform(features)
    explained = np.nan_to_num(pca.explained_variance_ratio_[:2])
    return FeatureMap(
        np.asarray(pictures),
        _two_columns(reduced).astype(np.float32),
        t_sne(reduced, seed).astype(np.float32),
        np.pad(explained, (0, 2 - len(explained))),
    )


def t_sne(points: np.ndarray, seed: int) -> np.ndarray:
    """(M, 2) of points (M, D); of fewer than 4, which have no neighbourhoods, the points themselves."""
    if len(points) < 4:
        return _two_columns(points)
    begin = "pca" if points.shape[1] > 1 and points[:, 0].std() > 0 else "random"
    with calm(points.size):
        return TSNE(perplexity=perplexity(len(points)), init=begin, random_state=seed).fit_transform(points)


def perplexity(points: int) -> float:
    """t-SNE's, as far as so many points allow."""
    return min(PERPLEXITY, (points - 1) / 3)


def save_map(feature_map: FeatureMap, folder: Path) -> None:
    """Write it into the folder of a run, whole or not at all."""
    temporary = folder / f".{FILE}.partial"
    with temporary.open("wb") as file:
        np.savez(file, **vars(feature_map))
    put_in_place(temporary, folder / FILE)


def load_map(folder: Path) -> FeatureMap | None:
    """The map of a run; None if there is none, or it can't be read."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            return FeatureMap(**{name: file[name] for name in file.files})
    except Exception:  # damage has many faces; whoever wants the map again runs the run again
        return None


def _two_columns(points: np.ndarray) -> np.ndarray:
    return np.pad(points[:, :2], ((0, 0), (0, max(0, 2 - points.shape[1]))))
