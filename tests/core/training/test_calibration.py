import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import core.training.calibration as calibration
from core.faults import is_out_of_memory
from core.training.calibration import FAR_AHEAD, WORTH, calibrate, candidates, fastest, step_seconds
from core.training.config import Loss, Precision, TrainingConfig
from core.training.execution import Execution
from core.training.measured import Calibration, load_calibration
from core.training.objective import Objective
from tests.core.training.greedy import Greedy

CPU = torch.device("cpu")
SHAPE = (2, 6, 6)
OBJECTIVE = Objective(Loss.CROSS_ENTROPY)
PLAIN = Execution("cpu", Precision.FLOAT32, True, 2, 32)
FIRST = replace(PLAIN, channels_last=False)
BRAIN = replace(PLAIN, precision=Precision.BFLOAT16)
SECONDS = st.floats(1e-4, 10)


def network(greedy: Greedy | None = None) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(), nn.Flatten(), greedy or nn.Identity(),
        nn.Linear(64, 3),
    )  # fmt: skip


def measured(
    stored: Path,
    model: nn.Module | None = None,
    training: TrainingConfig | None = None,
    *,
    piece: int = 8,
) -> Calibration:
    return calibrate(
        model or network(), SHAPE, OBJECTIVE, training or TrainingConfig(), CPU, piece=piece, stored=stored
    )


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Execution]:
    """The executions that are timed from now on; none really is, and the first one always wins."""
    timed: list[Execution] = []

    def step_seconds(*arguments: object, best: float) -> float:
        execution = arguments[4]
        assert isinstance(execution, Execution)
        timed.append(execution)
        return 0.001 * len(timed)

    monkeypatch.setattr(calibration, "step_seconds", step_seconds)
    return timed


@given(SECONDS, SECONDS, SECONDS)
def test_bfloat16_is_taken_only_where_it_saves_a_tenth(plain: float, brain: float, first: float) -> None:
    times = {PLAIN: plain, BRAIN: brain, FIRST: first}
    best = fastest([PLAIN, BRAIN, FIRST], lambda execution, _: times[execution]).execution
    if brain < FAR_AHEAD * plain or brain < 0.999 * WORTH * min(plain, first):
        assert best == BRAIN
    elif brain > 1.001 * WORTH * min(plain, first):
        assert best == (PLAIN if plain <= first else FIRST)


def test_each_candidate_hears_of_the_best_before_it_and_all_are_told() -> None:
    times, heard = {PLAIN: 0.4, BRAIN: 0.35, FIRST: 0.395}, []

    def seconds_of(execution: Execution, best: float) -> float:
        heard.append(best)
        return times[execution]

    result = fastest(list(times), seconds_of)
    assert heard == [math.inf, 0.4, 0.35]
    assert result.execution == BRAIN
    assert result.milliseconds == {
        "float32, channels last": 400,
        "bfloat16, channels last": 350,
        "float32, channels first": 395,
    }


def test_where_bfloat16_is_far_ahead_no_other_layout_is_tried() -> None:
    times = {PLAIN: 0.4, BRAIN: 0.31}
    result = fastest([PLAIN, BRAIN, FIRST], lambda execution, _: times[execution])
    assert result.execution == BRAIN


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        (Precision.AUTO, [PLAIN, BRAIN, FIRST]),
        (Precision.FLOAT32, [PLAIN, FIRST]),
        (Precision.BFLOAT16, [BRAIN]),
    ],
)
def test_the_precision_that_a_user_chose_is_kept(precision: Precision, expected: list[Execution]) -> None:
    training = TrainingConfig(precision=precision)
    assert candidates(PLAIN, training) == expected
    assert candidates(PLAIN, replace(training, compiled=True)) == expected  # a processor compiles nothing
    on_gpu = candidates(replace(PLAIN, device="cuda:0"), replace(training, compiled=True))
    assert [e for e in on_gpu if not e.compiled] == [replace(e, device="cuda:0") for e in expected]
    assert {e.precision for e in on_gpu if e.compiled} == {e.precision for e in expected}


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_a_network_is_measured_as_the_user_wants_it(tmp_path: Path, precision: Precision) -> None:
    result = measured(tmp_path / "c.json", training=TrainingConfig(precision=precision))
    assert result.execution.precision is precision
    assert result.execution.piece == 8
    assert all(words.startswith(precision) and taken > 0 for words, taken in result.milliseconds.items())


def test_what_was_measured_is_not_measured_again(tmp_path: Path, steps: list[Execution]) -> None:
    stored = tmp_path / "deep" / "c.json"
    first = measured(stored)
    timed = len(steps)
    assert timed == 3
    assert load_calibration(stored) == first
    assert measured(stored) == first
    assert measured(stored, piece=20) == replace(first, execution=replace(first.execution, piece=20))
    assert len(steps) == timed


def test_what_another_device_of_the_kind_measured_holds_for_this_one(
    tmp_path: Path, steps: list[Execution]
) -> None:
    measured(tmp_path / "c.json")
    content = json.loads((tmp_path / "c.json").read_text())
    content["execution"] |= {"device": "cpu:7", "threads": 64}
    (tmp_path / "c.json").write_text(json.dumps(content))
    steps.clear()
    execution = measured(tmp_path / "c.json").execution
    assert (execution.device, execution.threads) == ("cpu", torch.get_num_threads())
    assert steps == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "\x00" * len(text),
        lambda text: text.replace('"piece"', '"pieces"'),
        lambda text: text.replace('"float32"', '"float31"'),
    ],
)
def test_a_damaged_measurement_is_made_anew(
    tmp_path: Path, steps: list[Execution], damage: Callable[[str], str]
) -> None:
    stored = tmp_path / "c.json"
    measured(stored)
    whole = stored.read_text()
    stored.write_text(damage(whole))
    steps.clear()
    measured(stored)
    assert len(steps) == 3
    assert stored.read_text() == whole


def test_measuring_leaves_the_model_and_all_that_is_global_as_they_were(tmp_path: Path) -> None:
    model = network().eval()
    before = copy.deepcopy(model.state_dict())
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    measured(tmp_path / "c.json", model)
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.get_num_threads() == threads
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert model[0].weight.is_contiguous()


@pytest.mark.parametrize(
    ("piece", "sample"), [(1, 2), (2, 2), (3, 2), (4, 2), (9, 4), (64, 32), (65, 32), (4096, 32)]
)
def test_it_is_measured_on_few_pictures_so_that_it_needs_less_memory_than_the_training(
    tmp_path: Path, steps: list[Execution], piece: int, sample: int
) -> None:
    result = measured(tmp_path / "c.json", piece=piece)
    assert {execution.piece for execution in steps} == {sample}
    assert (result.pictures, result.execution.piece) == (sample, piece)


@pytest.mark.parametrize(("most", "pictures"), [(31, 16), (5, 4), (1, 1)])
def test_where_these_do_not_fit_into_the_memory_half_as_many_are_tried(
    tmp_path: Path, most: int, pictures: int
) -> None:
    greedy = Greedy(most)
    result = measured(tmp_path / "c.json", network(greedy), piece=64)
    assert result.pictures == pictures
    assert result.execution.piece == 64
    assert load_calibration(tmp_path / "c.json") == result
    assert set(greedy.seen) == {32 >> halvings for halvings in range(6) if 32 >> halvings >= pictures}


def test_one_picture_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        measured(tmp_path / "c.json", network(Greedy(0)))
    assert is_out_of_memory(caught.value)
    assert not (tmp_path / "c.json").exists()


def test_another_error_is_not_taken_for_full_memory(tmp_path: Path) -> None:
    greedy = Greedy(100)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        measured(tmp_path / "c.json", nn.Sequential(nn.Flatten(), greedy, nn.Linear(5, 3)))
    assert greedy.seen == [4]


def test_a_compiler_that_fails_leaves_the_network_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    compiled = replace(PLAIN, compiled=True)

    def seconds_of(execution: Execution, best: float) -> float:
        if execution.compiled:
            raise OSError("no C compiler")
        return 1.0

    assert fastest([PLAIN, compiled], seconds_of).execution == PLAIN
    assert "can't be compiled here: OSError: no C compiler" in capsys.readouterr().out
    with pytest.raises(OSError, match="no C compiler"):
        fastest([compiled, PLAIN], lambda execution, best: seconds_of(compiled, best))


@pytest.mark.parametrize(
    ("long_step", "hopeless", "steps"), [(1e9, 1.0, 3), (0.0, 1.0, 1), (0.0, math.inf, 2)]
)
def test_a_slow_candidate_makes_fewer_steps(
    monkeypatch: pytest.MonkeyPatch, long_step: float, hopeless: float, steps: int
) -> None:
    monkeypatch.setattr(calibration, "LONG_STEP", long_step)
    monkeypatch.setattr(calibration, "HOPELESS", hopeless)
    monkeypatch.setattr(calibration, "LONG_ENOUGH", 0.0)
    greedy = Greedy(32)
    seconds = step_seconds(network(greedy), SHAPE, OBJECTIVE, TrainingConfig(), PLAIN, best=1e-9)
    assert 0 < seconds < 10
    assert greedy.seen == [32] * steps
