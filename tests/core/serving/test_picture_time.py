import time
from types import SimpleNamespace

import pytest

from core.serving.picture_time import WARM_UP, seconds_a_picture


def test_the_median_of_reading_and_predicting_one_by_one() -> None:
    seen: list[str] = []
    calls: list[int] = []

    def predict(received: list[str]) -> None:
        calls.append(len(received))
        # The first passes are slow, as they are in truth, and one later is an outlier.
        time.sleep(0.08 if len(calls) <= WARM_UP or received == ["c"] else 0.01)

    predictor = SimpleNamespace(read=lambda source: seen.append(source) or source, predict=predict)
    seconds = seconds_a_picture(predictor, list("abcde"))
    assert seconds == pytest.approx(0.01, abs=0.02)
    assert seen == list("ab") + list("abcde")
    assert set(calls) == {1}
