import pytest

from core.comparison.routes import Route, RouteSettings, config_of, suggest_batch
from core.data.dataset import Dataset
from core.data.splitting import current_split
from core.embeddings.config import FeaturesRunConfig
from core.errors import ConfigError
from core.records import from_json, to_json
from core.runs.jobs import job_of_kind
from core.training.config import CnnRunConfig
from core.training.fine_tune_config import FineTuneConfig, Trains


@pytest.mark.parametrize("route", Route)
def test_every_route_is_a_run_on_the_same_split_and_seed(digits: Dataset, route: Route) -> None:
    split = current_split(digits)
    config = config_of(route, digits, split, RouteSettings(epochs=3, scratch_epochs=9, seed=7))
    assert (config.dataset_id, config.split_id, config.classes) == (digits.id, split.id, digits.classes)
    assert from_json(type(config), to_json(config)) == config
    assert job_of_kind(config.kind) is not None
    if route is not Route.FEATURES:
        assert config.training.epochs == (9 if route is Route.FROM_SCRATCH else 3)
        assert config.training.seed == 7
    else:
        assert config.seed == 7


def test_what_learns_of_each(digits: Dataset) -> None:
    configs = {
        route: config_of(route, digits, current_split(digits), RouteSettings("resnet18", "random-3"))
        for route in Route
    }
    assert isinstance(configs[Route.FROM_SCRATCH], CnnRunConfig)
    assert isinstance(configs[Route.FEATURES], FeaturesRunConfig)
    tuned = {route: config.trains for route, config in configs.items() if isinstance(config, FineTuneConfig)}
    assert tuned == {Route.HEAD: Trains.HEAD, Route.LAST_BLOCK: Trains.BLOCKS, Route.FULL: Trains.ALL}
    for route in set(Route) - {Route.FROM_SCRATCH}:
        assert (configs[route].backbone, configs[route].weights) == ("resnet18", "random-3")
    assert len({config.name for config in configs.values()}) == len(Route)


def test_names_tell_the_pictures_where_they_differ(digits: Dataset) -> None:
    split = current_split(digits)
    plain = config_of(Route.HEAD, digits, split, RouteSettings())
    share = config_of(Route.HEAD, digits, split, RouteSettings(shares=(0.1, 1.0)))
    assert plain.name == "Head only on Digits"
    assert share.name == f"Head only on Digits, {len(split.train)} pictures"


@pytest.mark.parametrize(("pictures", "batch"), [(20, 8), (140, 14), (1200, 32)])
def test_few_pictures_go_in_small_batches(pictures: int, batch: int) -> None:
    assert suggest_batch(pictures) == batch


@pytest.mark.parametrize("shares", [(0.1, 0.5), (0.3, 1.0), ()])
def test_shares_without_the_whole_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="can't be compared"):
        RouteSettings(shares=shares)
