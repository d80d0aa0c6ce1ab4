"""How long a trained model takes for one picture, from the file to its probabilities, on the processor."""

import statistics
import time
from collections.abc import Sequence

from core.data.decoding import Source
from core.serving.prediction import Predictor

WARM_UP = 2  # pictures


def seconds_a_picture(predictor: Predictor, pictures: Sequence[Source]) -> float:
    """The median over `pictures`, one after the other; the first ones warm up and go through twice.

    Raises:
        PictureRejected: a file is not a picture that can be used.
    """
    for source in pictures[:WARM_UP]:
        predictor.predict([predictor.read(source)])
    times = []
    for source in pictures:
        begun = time.perf_counter()
        predictor.predict([predictor.read(source)])
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
