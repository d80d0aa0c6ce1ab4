import pytest

from core.training.history import EpochRecord, Hooks, is_new_best, is_over_early


def record(epoch: int, accuracy: float, loss: float, *, is_best: bool = False) -> EpochRecord:
    return EpochRecord(epoch, 1.0, 0.5, loss, accuracy, 1e-3, 1.0, 100.0, is_best)


@pytest.mark.parametrize(
    ("accuracy", "loss", "best"),
    [(0.8, 9.0, True), (0.7, 0.4, True), (0.7, 0.5, False), (0.7, 0.6, False), (0.6, 0.1, False)],
)
def test_the_best_epoch_has_the_highest_accuracy_and_then_the_smallest_loss(
    accuracy: float, loss: float, best: bool
) -> None:
    history = [record(1, 0.5, 0.1), record(2, 0.7, 0.5), record(3, 0.6, 0.4)]
    assert is_new_best(record(4, accuracy, loss).rank, history) is best
    assert is_new_best((0.0, -99.0), [])


def test_patience_ends_after_so_many_epochs_without_a_best() -> None:
    bests = [True, True, False, False, True, False, False, False]
    history = [record(epoch, 0.5, 0.5, is_best=best) for epoch, best in enumerate(bests, 1)]
    ends = [length for length in range(len(history) + 1) if is_over_early(history[:length], 2)]
    assert ends == [4, 7, 8]
    assert not any(is_over_early(history[:length], None) for length in range(9))
    assert [length for length in range(9) if is_over_early(history[:length], 3)] == [8]


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("pause", [False, True])
def test_a_stop_and_a_pause_both_interrupt(stop: bool, pause: bool) -> None:
    assert Hooks(should_stop=lambda: stop, should_pause=lambda: pause).interrupted() == (stop or pause)
