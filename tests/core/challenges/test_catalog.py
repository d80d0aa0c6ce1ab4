import re
from random import Random

import pytest
import torch
from torch import nn

from core.challenges.budgets import FewerByGroups
from core.challenges.catalog import KINDS, exercise
from core.challenges.exercise import Exercise
from core.challenges.fields import SameReach
from core.challenges.sizes import KeepSize, LinearAfter
from core.layers.residual import chain_shape

pytestmark = pytest.mark.slow

SEEDS = range(300)
NUMBERS = range(1, len(KINDS) + 1)


def random_answer(found: Exercise, random: Random) -> dict[str, int]:
    return {number.name: random.randint(number.low, number.high) for number in found.numbers}


def numbers_in(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", text.replace(",", ""))}


def test_there_are_ten_kinds():
    assert len(set(KINDS)) == 10
    assert len({kind.title for kind in KINDS}) == 10


@pytest.mark.parametrize("number", NUMBERS)
def test_every_exercise_is_solved_by_its_worked_solution_within_the_ranges(number):
    for seed in SEEDS:
        found = exercise(seed, number)
        verdict = found.check(found.solution)
        assert verdict.passed, (found, verdict)
        for given in found.numbers:
            assert given.low <= found.solution[given.name] <= given.high, found
        assert set(found.solution) == {given.name for given in found.numbers}
        assert all("&=" in formula.latex for formula in found.formulas)
        assert found.formulas
        assert found.idea


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_shown_first_solves_nothing(number):
    for seed in SEEDS:
        found = exercise(seed, number)
        start = {given.name: given.start for given in found.numbers}
        assert all(given.low <= given.start <= given.high for given in found.numbers)
        assert not found.check(start).passed, found


@pytest.mark.parametrize("number", NUMBERS)
def test_a_wrong_answer_fails_with_the_learners_numbers_in_the_reason(number):
    random = Random(number)
    failed = 0
    for seed in SEEDS:
        found = exercise(seed, number)
        answer = random_answer(found, random)
        verdict = found.check(answer)
        if not verdict.passed:
            failed += 1
            assert numbers_in(verdict.reason) & set(answer.values()), (found, answer, verdict)
    assert failed > len(SEEDS) / 2


@pytest.mark.parametrize("number", NUMBERS)
def test_one_number_beside_the_solution_is_judged_alone(number):
    """Exercises with a single right number refuse its neighbours."""
    for seed in range(50):
        found = exercise(seed, number)
        if len(found.numbers) > 1:
            return
        (name,) = found.solution
        for step in (-1, 1):
            verdict = found.check({name: found.solution[name] + step})
            assert not verdict.passed, (found, step)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_solutions_code_runs_in_torch(number):
    for seed in range(5):
        found = exercise(seed, number)
        module = eval(found.code(found.solution), {"nn": nn})
        output = module(torch.zeros(1, *found.input_shape))
        layers = found.layers(found.solution)
        assert tuple(output.shape[1:]) == chain_shape([("", layer) for layer in layers], found.input_shape)
        weights = sum(weight.numel() for weight in module.parameters())
        assert weights == sum(layer.parameters for layer in layers)


def test_a_seed_gives_the_same_exercise_to_everybody_and_another_seed_another():
    for number in NUMBERS:
        assert exercise(7, number) == exercise(7, number)
        assert len({exercise(seed, number) for seed in SEEDS}) > 20


def test_links_shared_earlier_keep_their_exercises():
    assert exercise(7, 1) == KeepSize(side=31, kernel=5, dilation=1)
    assert exercise(7, 3) == LinearAfter(side=94, filters=(16, 16), kernel=3, padding=1)
    assert exercise(7, 6) == FewerByGroups(in_channels=48, out_channels=16, kernel=3, factor=4)
    assert exercise(7, 7) == SameReach(side=50, kernel=5, padding=1)


def test_one_thing_is_counted_in_the_singular() -> None:
    found = next(
        exercise(seed, 4) for seed in range(40) if "over 1 channel may have" in exercise(seed, 4).task
    )
    assert found.check({"filters": 1}).reason.startswith("1 filter has ")
    assert found.check({"filters": 2}).reason.startswith("2 filters have ")
