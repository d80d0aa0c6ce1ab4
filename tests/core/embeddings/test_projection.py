from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.embeddings.projection import (
    FILE,
    load_map,
    perplexity,
    project,
    sample,
    save_map,
    t_sne,
)


def clusters(points: int = 60) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    labels = np.arange(points) % 3
    return (10 * np.eye(3, 8)[labels] + generator.normal(size=(points, 8))).astype(np.float32), labels


def test_pca_is_the_two_directions_of_most_variance() -> None:
    points, _ = clusters()
    found = project(points, np.arange(60), seed=0)
    pca = PCA(2).fit(points)
    np.testing.assert_allclose(np.abs(found.pca), np.abs(pca.transform(points)), atol=1e-3)
    np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_, rtol=1e-4)


def test_t_sne_keeps_clusters_together_and_comes_out_the_same_each_time() -> None:
    points, labels = clusters()
    places = t_sne(points, 0)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_array_equal(labels[distances.argmin(1)], labels)
    np.testing.assert_array_equal(places, t_sne(points, 0))


@pytest.mark.parametrize("points", [2, 3, 4, 7])
@pytest.mark.parametrize("features", [1, 8])
def test_few_points_have_a_map_too(points: int, features: int) -> None:
    values = np.random.default_rng(0).normal(size=(points, features))
    found = project(values, np.arange(points), seed=0)
    assert found.pca.shape == found.tsne.shape == (points, 2)
    assert found.explained.shape == (2,)
    assert np.isfinite(found.tsne).all()


def test_the_perplexity_is_less_than_the_neighbours() -> None:
    assert [perplexity(count) for count in (4, 10, 1000)] == [1, 3, 30]


def test_a_sample_has_each_once_and_in_order() -> None:
    chosen = sample(100, 30, 0)
    assert len(set(chosen)) == 30
    assert sorted(chosen) == chosen.tolist()
    assert sample(5, 30, 0).tolist() == [0, 1, 2, 3, 4]


def test_a_map_comes_back_from_the_disk(tmp_path: Path) -> None:
    points, _ = clusters(6)
    found = project(points, np.arange(6) + 7, seed=0)
    save_map(found, tmp_path)
    again = load_map(tmp_path)
    assert again is not None
    np.testing.assert_array_equal(again.pictures, found.pictures)
    np.testing.assert_array_equal(again.tsne, found.tsne)
    (tmp_path / FILE).write_bytes(b"cut")
    assert load_map(tmp_path) is None
    (tmp_path / FILE).unlink()
    assert load_map(tmp_path) is None
